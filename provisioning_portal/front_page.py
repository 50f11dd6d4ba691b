"""The front page of the administrative portal: what needs attention, and how everything stands, in a constant
number of queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors.models import ConnectedSystem, Link, Operation, Run
from connectors.vocabulary import BreakerState, OperationState, RunState, SystemState
from identities.models import User


@dataclass(frozen=True, slots=True)
class Attention:
    """Something an administrator should look at: since when, what it is, and where to go."""

    level: str
    text: str
    advice: str
    since: datetime | None
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One number with the list behind it."""

    title: str
    number: int
    url: str


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the front page's context (called by Unfold)."""
    systems = list(ConnectedSystem.objects.order_by("name"))
    context["attention"] = [*_systems_in_trouble(systems), *_operations_for_a_person(), *_imports_for_a_person()]
    context["cards"] = [*_people_cards(), *_operation_cards()]
    context["systems"] = _system_rows(systems)
    return context


def _systems_in_trouble(systems: list[ConnectedSystem]) -> Iterator[Attention]:
    for system in systems:
        url = reverse("admin:connectors_connectedsystem_change", args=[system.pk])
        if system.breaker != BreakerState.CLOSED:
            yield Attention(
                "bad",
                _("%(system)s is not written to: %(reason)s")
                % {"system": system.name, "reason": system.breaker_reason},
                _("Changes wait and go out by themselves once the system answers. Test the system to see more."),
                system.breaker_opened_at,
                url,
            )
        elif system.throttled_until and system.throttled_until > timezone.now():
            yield Attention(
                "wait",
                _("%(system)s asked for a pause") % {"system": system.name},
                _("Work goes on by itself at %(time)s.")
                % {"time": timezone.localtime(system.throttled_until).strftime("%H:%M:%S")},
                None,
                url,
            )


def _operations_for_a_person() -> Iterator[Attention]:
    waiting = (
        Operation.objects.filter(state__in=(OperationState.HELD, OperationState.FAILED, OperationState.DISPUTED))
        .values("state", "system__name", "system_id")
        .annotate(number=Count("id"), since=Min("finished_at"))
        .order_by("state", "system__name")
    )
    for row in waiting:
        list_url = reverse("admin:connectors_operation_changelist")
        url = f"{list_url}?state__exact={row['state']}&system__id__exact={row['system_id']}"
        text, advice = _words(row["state"], row["number"], row["system__name"])
        yield Attention("wait" if row["state"] == OperationState.HELD else "bad", text, advice, row["since"], url)


def _words(state: str, number: int, system: str) -> tuple[str, str]:
    facts = {"number": number, "system": system}
    if state == OperationState.HELD:
        text = ngettext(
            "%(number)d removal on %(system)s is held by its limit",
            "%(number)d removals on %(system)s are held by its limit",
            number,
        )
        return text % facts, _("Release them if they are meant, reject them if they are not.")
    if state == OperationState.DISPUTED:
        text = ngettext(
            "%(number)d account on %(system)s has a name that is taken by somebody else's",
            "%(number)d accounts on %(system)s have names that are taken by somebody else's",
            number,
        )
        return text % facts, _("Match it by hand if it is the same person, or change the name.")
    text = ngettext(
        "%(number)d operation on %(system)s was refused", "%(number)d operations on %(system)s were refused", number
    )
    return text % facts, _("Read the message, mend the value or the mapping, then retry.")


def _imports_for_a_person() -> Iterator[Attention]:
    url = reverse("admin:connectors_run_changelist")
    for run in Run.objects.filter(state__in=(RunState.PLANNED, RunState.FAILED), kind="import").order_by("-created_at")[
        :5
    ]:
        text = (
            _("The import of %(file)s is planned and waits to be applied")
            if run.state == RunState.PLANNED
            else _("The import of %(file)s failed")
        )
        page = reverse("admin:connectors_run_change", args=[run.pk]) if run.pk else url
        yield Attention(
            "wait" if run.state == RunState.PLANNED else "bad",
            text % {"file": run.file_name},
            run.error,
            run.created_at,
            page,
        )


def _people_cards() -> Iterator[Card]:
    url = reverse("admin:identities_user_changelist")
    counted = User.objects.persons().aggregate(
        all=Count("pk"),
        active=Count("pk", filter=Q(active=True)),
        staged=Count("pk", filter=Q(state="staged")),
        deprovisioned=Count("pk", filter=Q(state="deprovisioned")),
    )
    yield Card(_("People"), counted["all"], url)
    yield Card(_("Active"), counted["active"], f"{url}?active__exact=1")
    yield Card(_("To start"), counted["staged"], f"{url}?state__exact=staged")
    yield Card(_("Left"), counted["deprovisioned"], f"{url}?state__exact=deprovisioned")


def _operation_cards() -> Iterator[Card]:
    url = reverse("admin:connectors_operation_changelist")
    counted = Operation.objects.filter(state__in=(OperationState.WAITING, OperationState.IN_FLIGHT)).aggregate(
        waiting=Count("pk", filter=Q(attempt=0)), retrying=Count("pk", filter=Q(attempt__gt=0))
    )
    yield Card(_("Changes on their way"), counted["waiting"], f"{url}?state__exact=waiting")
    yield Card(_("Being tried again"), counted["retrying"], f"{url}?state__exact=waiting")


def _system_rows(systems: list[ConnectedSystem]) -> list[dict[str, Any]]:
    links = {
        row["system_id"]: row
        for row in Link.objects.values("system_id").annotate(
            linked=Count("pk", filter=Q(state="linked")), last=Max("synchronised_at")
        )
    }
    waiting = dict(
        Operation.objects.filter(state__in=(OperationState.WAITING, OperationState.IN_FLIGHT))
        .values_list("system_id")
        .annotate(number=Count("pk"))
    )
    return [
        {
            "system": system,
            "url": reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
            "health": _health(system),
            "linked": links.get(system.pk, {}).get("linked", 0),
            "last": links.get(system.pk, {}).get("last"),
            "waiting": waiting.get(system.pk, 0),
        }
        for system in systems
    ]


def _health(system: ConnectedSystem) -> tuple[str, str]:
    """Style and words for how a system fares."""
    if system.state != SystemState.RUNNING:
        return "wait", _("paused") if system.state == SystemState.PAUSED else _("being removed")
    if system.breaker != BreakerState.CLOSED:
        return "bad", _("not reachable")
    return "good", _("running")
