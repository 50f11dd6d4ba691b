"""What can be done to an import: apply it, whole or in part, cancel it, undo it."""

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from connectors.actions import imports
from connectors.engine.intake.lease import INTAKES
from connectors.engine.intake.missing import many_missing, missing_in_words
from connectors.models import Run
from connectors.vocabulary import RunKind, RunState
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import ObjectAction

CONFIRM: Final = "confirm_missing"


def has_problems(run: Run) -> bool:
    """Whether something has to be mended in the file first."""
    return run.findings.filter(blocking=True).exists()


def can_be_applied(run: Run) -> bool:
    """Whether there is a plan to carry out."""
    return run.kind in INTAKES and run.state == RunState.PLANNED and not has_problems(run)


def apply_form(run: Run) -> type[forms.Form]:
    """Asks for nothing, or for the number of what is missing where it is more than the profile allows."""
    number = many_missing(run)
    if not number:
        return forms.Form
    told = _("%(missing)s, and will be disabled or withdrawn. Type this number.") % {
        "missing": missing_in_words(run, number)
    }
    field = forms.IntegerField(
        label=_("Missing"), help_text=told, required=False, widget=UnfoldAdminIntegerFieldWidget()
    )
    return type("ConfirmForm", (forms.Form,), {CONFIRM: field})


def _apply(request: HttpRequest, run: Run, cleaned: dict[str, Any]) -> str:
    imports.apply_import(run, actor=actor_of(request), confirm_missing=cleaned.get(CONFIRM))
    return _("The import is being applied.")


def _cancel(request: HttpRequest, run: Run, cleaned: dict[str, Any]) -> str:
    begun = run.state == RunState.APPLYING
    imports.cancel_import(run, actor=actor_of(request))
    if begun and run.kind == RunKind.UNDO:
        return _(
            "The undo is cancelled; what it took back until then stays so. Another undo of the import does the rest."
        )
    if begun:
        return _("The import is cancelled; what was applied until then stays. It can be undone.")
    if run.kind == RunKind.UNDO:
        return _("The undo is cancelled; nothing was changed.")
    return _("The import is cancelled; nothing was changed.")


def _undo(request: HttpRequest, run: Run, cleaned: dict[str, Any]) -> HttpResponse:
    undo = imports.start_undo(run, actor=actor_of(request))
    return HttpResponseRedirect(reverse("admin:connectors_run_change", args=[undo.pk]))


IMPORT_ACTIONS: Final = (
    ObjectAction(
        "apply",
        gettext_lazy("Apply"),
        gettext_lazy("Carry out the plan. Every change is audited under your name."),
        _apply,
        form_for=apply_form,
        offered=can_be_applied,
    ),
    ObjectAction(
        "cancel",
        gettext_lazy("Cancel"),
        gettext_lazy("Give this import up. What it has not changed yet is not changed."),
        _cancel,
        offered=lambda run: run.kind in INTAKES and run.state in imports.OPEN_STATES,
        dangerous=True,
    ),
    ObjectAction(
        "undo",
        gettext_lazy("Undo"),
        gettext_lazy(
            "Plan the inverse changes, where a value is still what the import wrote. Nothing is changed before that "
            "plan is applied. People whom the import created are deprovisioned, not erased."
        ),
        _undo,
        offered=imports.can_be_undone,
        dangerous=True,
    ),
)
