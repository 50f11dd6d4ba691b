"""What can be done to one org unit: what others would notice is shown before it is confirmed."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from identities.actions import org_units
from identities.admin.action_admin import actor_of
from identities.admin.choosers import Chooser
from identities.admin.object_actions import ObjectAction, ReasonForm
from identities.admin.org_unit_consequences import consequences
from identities.canonical import fold
from identities.models import OrgUnit, User
from identities.queries.recursion import units_below
from identities.rules.naming import NAME_LENGTH

Change = Callable[[HttpRequest, OrgUnit, dict[str, Any]], object]
MakeForm = Callable[[OrgUnit], type[forms.Form]]


def told_apart(unit: OrgUnit) -> str:
    """The name, and the code beside it: two units below different ones may have one name."""
    return unit.name if fold(unit.name) == fold(unit.code) else f"{unit.name} ({unit.code})"


class UnitField(forms.ModelChoiceField):
    """Chooses an org unit."""

    def label_from_instance(self, obj: Any) -> str:
        """What the chosen one is called."""
        return told_apart(obj)


def _chooser(field: str) -> Chooser:
    """Looks for what this field of an org unit refers to as one types."""
    return Chooser(OrgUnit._meta.get_field(field), admin.site)


def _unit_field(**options: Any) -> UnitField:
    units = OrgUnit.objects.without_tree_fields().filter(deleted_at=None)
    return UnitField(units, required=False, widget=_chooser("parent"), **options)


def _rename_form(unit: OrgUnit) -> type[forms.Form]:
    text = {"max_length": NAME_LENGTH}
    return type(
        "RenameForm",
        (forms.Form,),
        {
            "name": forms.CharField(label=_("Name"), initial=unit.name, widget=UnfoldAdminTextInputWidget(), **text),
            "code": forms.CharField(
                label=_("Code"),
                initial=unit.code,
                help_text=_("What imports and API clients know the unit by: they must know the new one, too."),
                widget=UnfoldAdminTextInputWidget(),
                **text,
            ),
        },
    )


def _rename(request: HttpRequest, unit: OrgUnit, cleaned: dict[str, Any]) -> object:
    return org_units.update_org_unit(unit.pk, actor=actor_of(request), changes=cleaned)


def _move_form(unit: OrgUnit) -> type[forms.Form]:
    words = _("Everything below the unit moves with it. Left empty, it stands at the top.")
    field = _unit_field(label=_("Below"), initial=unit.parent_id, help_text=words)
    return type("MoveForm", (forms.Form,), {"parent": field})


def _move(request: HttpRequest, unit: OrgUnit, cleaned: dict[str, Any]) -> object:
    return org_units.move_org_unit(unit.pk, actor=actor_of(request), parent=cleaned["parent"])


def _manager_form(unit: OrgUnit) -> type[forms.Form]:
    field = forms.ModelChoiceField(
        User.objects.persons(),
        label=_("Manager"),
        required=False,
        initial=unit.manager_id,
        widget=_chooser("manager"),
        help_text=_("Left empty, the unit has none."),
    )
    return type("ManagerForm", (forms.Form,), {"manager": field})


def _set_manager(request: HttpRequest, unit: OrgUnit, cleaned: dict[str, Any]) -> str:
    org_units.update_org_unit(unit.pk, actor=actor_of(request), changes=cleaned)
    return _("The manager of %(unit)s is changed.") % {"unit": unit}


def _standing_in(unit: OrgUnit) -> tuple[int, int]:
    """How many units and people stand directly in this one."""
    units = OrgUnit.objects.without_tree_fields().filter(parent=unit, deleted_at=None).count()
    return units, User.objects.present().filter(org_unit=unit).count()


def _close_form(unit: OrgUnit) -> type[forms.Form]:
    units, people = _standing_in(unit)
    if not units and not people:
        return ReasonForm
    told = {"units": units, "people": people}
    words = _(
        "%(units)d units and %(people)d people stand directly in it. Left empty, they go to the unit above; from one "
        "at the top, units go to the top and people out of the org structure."
    )
    into = _unit_field(label=_("Its units and people go to"), help_text=words % told)
    return type("CloseForm", (ReasonForm,), {"into": into, "field_order": ("into", "reason")})


def _close(request: HttpRequest, unit: OrgUnit, cleaned: dict[str, Any]) -> object:
    actor = actor_of(request, cleaned["reason"])
    hands_over = "into" in cleaned
    return org_units.delete_org_unit(unit.pk, actor=actor, move_up=hands_over, into=cleaned.get("into"))


def _in_words(answer: Any) -> str:
    return told_apart(answer) if isinstance(answer, OrgUnit) else answer or "-"


def _previewed(change: Change, form_for: MakeForm, title: str | Promise, done: str | Promise) -> Any:
    """Show what would happen; do it when the page is sent back confirmed."""

    def perform(request: HttpRequest, unit: OrgUnit, cleaned: dict[str, Any]) -> "str | HttpResponse":
        if request.POST.get("confirmed"):
            change(request, unit, cleaned)
            return done % {"unit": unit}
        form, units = form_for(unit)(request.POST), units_below([unit.pk])
        present = OrgUnit.objects.without_tree_fields().filter(pk__in=units, deleted_at=None)
        context = {
            **admin.site.each_context(request),
            "title": str(unit),
            "opts": unit._meta,
            "original": unit,
            "heading": title,
            "form": form,
            "answers": [(field.label, _in_words(cleaned[field.name])) for field in form],
            "units": present.exclude(pk=unit.pk).count(),
            "people": User.objects.persons().filter(org_unit__in=units).count(),
            "foreseen": consequences.foresee(request, units, lambda: change(request, unit, cleaned)),
            "change_url": reverse("admin:identities_orgunit_change", args=[unit.pk]),
        }
        return TemplateResponse(request, "admin/identities/org_unit_preview.html", context)

    return perform


def _action(key: str, title: Promise, question: Promise, change: Change, form_for: MakeForm, done: Promise) -> Any:
    perform = _previewed(change, form_for, title, done)
    return ObjectAction(key, title, question, perform, form_for=form_for, dangerous=key == "close")


ORG_UNIT_ACTIONS: Final = (
    _action(
        "rename",
        gettext_lazy("Rename"),
        gettext_lazy("First see what will happen, then confirm."),
        _rename,
        _rename_form,
        gettext_lazy("%(unit)s has its new name and code."),
    ),
    ObjectAction(
        "manager",
        gettext_lazy("Set manager"),
        gettext_lazy("Who leads the unit. The managers of its people stay as they are."),
        _set_manager,
        form_for=_manager_form,
    ),
    _action(
        "move",
        gettext_lazy("Move"),
        gettext_lazy("First see who and what moves with it, then confirm."),
        _move,
        _move_form,
        gettext_lazy("%(unit)s is moved."),
    ),
    _action(
        "close",
        gettext_lazy("Close the unit"),
        gettext_lazy(
            "The unit is deleted, once it is settled where its units and people go. First see what will happen."
        ),
        _close,
        _close_form,
        gettext_lazy("%(unit)s is closed."),
    ),
)
