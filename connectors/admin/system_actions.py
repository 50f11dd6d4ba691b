"""What can be done to one connected system beside editing it."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from connectors.actions import systems
from connectors.admin.discovery import offered, take_over
from connectors.admin.words import verdict_in_words
from connectors.engine.preview import count_push
from connectors.models import ConnectedSystem
from connectors.spi import Misconfigured
from connectors.vocabulary import RemovalPolicy, SystemState
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import ObjectAction
from identities.errors import RuleViolation


class DeletionForm(forms.Form):
    """What becomes of the accounts, and the name typed once more."""

    policy = forms.ChoiceField(
        label=gettext_lazy("The accounts there"),
        choices=[
            (RemovalPolicy.LEAVE, gettext_lazy("stay as they are")),
            (RemovalPolicy.DISABLE, gettext_lazy("are disabled")),
            (RemovalPolicy.DELETE, gettext_lazy("are deleted")),
        ],
        widget=UnfoldAdminSelectWidget(),
    )
    name = forms.CharField(label=gettext_lazy("Type the system's name"), widget=UnfoldAdminTextInputWidget())


def _page(request: HttpRequest, system: ConnectedSystem, template: str, **context: Any) -> HttpResponse:
    shared = {
        **admin.site.each_context(request),
        "title": str(system),
        "opts": system._meta,
        "original": system,
        "change_url": reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
    }
    return TemplateResponse(request, f"admin/connectors/{template}", {**shared, **context})


def _test(request: HttpRequest, system: ConnectedSystem, cleaned: dict[str, Any]) -> HttpResponse:
    findings = systems.test_system(system, actor=actor_of(request))
    return _page(request, system, "findings.html", heading=_("Test"), findings=findings)


def _discover(request: HttpRequest, system: ConnectedSystem, cleaned: dict[str, Any]) -> "str | HttpResponse":
    if request.POST.get("take"):
        return take_over(request, system)
    discovery = systems.discover_system(system, actor=actor_of(request))
    context = {"discovery": discovery, "offered": offered(system, discovery)}
    return _page(request, system, "discovery.html", heading=_("Discover"), **context)


def _counted(heading: str, confirm: str, act: "Callable[..., object] | None", done: str) -> Any:
    """Show the counts and samples first; act when the page is sent back confirmed."""

    def perform(request: HttpRequest, system: ConnectedSystem, cleaned: dict[str, Any]) -> "str | HttpResponse":
        if act is not None and request.POST.get("confirmed"):
            act(system, actor=actor_of(request))
            return done
        try:
            found = count_push(system)
        except Misconfigured as error:
            raise RuleViolation("cannot_be_counted", error.message) from error
        samples = [
            {
                "name": sample.name,
                "verdict": verdict_in_words(sample.decision.verdict),
                "values": {name: map(str, values) for name, values in sample.decision.desired.items()},
            }
            for sample in found.picked()
        ]
        counts = {verdict_in_words(verdict): number for verdict, number in found.counts.most_common()}
        context = {"counts": counts, "samples": samples, "confirm_url": request.path, "confirm_title": confirm}
        return _page(request, system, "push_confirmation.html", heading=heading, **context)

    return perform


def _pause(request: HttpRequest, system: ConnectedSystem, cleaned: dict[str, Any]) -> str:
    systems.pause_system(system, actor=actor_of(request))
    return _("%(system)s is paused. Changes wait until it is resumed.") % {"system": system}


def _delete(request: HttpRequest, system: ConnectedSystem, cleaned: dict[str, Any]) -> str:
    if cleaned["name"] != system.name:
        raise RuleViolation("name_differs", _("This is not the name of the system."), field="name")
    systems.delete_system(system, RemovalPolicy(cleaned["policy"]), actor=actor_of(request))
    return _("%(system)s is being removed.") % {"system": system}


SYSTEM_ACTIONS: Final = (
    ObjectAction(
        "test",
        gettext_lazy("Test"),
        gettext_lazy("Connects, signs in, reads, and looks whether writing is allowed. Nothing is changed."),
        _test,
        at_once=True,
    ),
    ObjectAction(
        "discover",
        gettext_lazy("Discover"),
        gettext_lazy("Asks the system what it is and what it can hold. Nothing is changed."),
        _discover,
        at_once=True,
    ),
    ObjectAction(
        "preview",
        gettext_lazy("Preview"),
        gettext_lazy("Counts what a push would do, with samples. Nothing is changed."),
        _counted(gettext_lazy("Preview"), "", None, ""),
        shows=True,
    ),
    ObjectAction(
        "resume",
        gettext_lazy("Resume"),
        gettext_lazy("First see what will happen, then confirm."),
        _counted(
            gettext_lazy("Resume"),
            gettext_lazy("Resume and push"),
            systems.resume_system,
            gettext_lazy("The system is running; everybody is being pushed."),
        ),
        offered=lambda system: system.state == SystemState.PAUSED,
        shows=True,
    ),
    ObjectAction(
        "push",
        gettext_lazy("Push"),
        gettext_lazy("First see what will happen, then confirm."),
        _counted(
            gettext_lazy("Push"),
            gettext_lazy("Push everybody"),
            systems.start_push,
            gettext_lazy("Everybody is being pushed."),
        ),
        offered=lambda system: system.state == SystemState.RUNNING,
        shows=True,
    ),
    ObjectAction(
        "pause",
        gettext_lazy("Pause"),
        gettext_lazy("Nothing is written to the system until it is resumed. Changes wait."),
        _pause,
        offered=lambda system: system.state == SystemState.RUNNING,
    ),
    ObjectAction(
        "delete",
        gettext_lazy("Remove"),
        gettext_lazy("The system goes with its configuration and links, once its accounts are dealt with."),
        _delete,
        form=DeletionForm,
        offered=lambda system: system.state != SystemState.DELETING,
        dangerous=True,
    ),
)
