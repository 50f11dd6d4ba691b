"""The front page of the administrative portal: what needs attention, and how everything stands, in a constant
number of queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import WAITS_FOR_A_PERSON, BreakerState, OperationState, SystemState
from identities.admin.words import name_in_words
from identities.models import AuditEntry, User
from provisioning_portal.attention import needs_attention

LATEST: Final = 8


@dataclass(frozen=True, slots=True)
class Card:
    """One number with the list behind it."""

    title: str
    number: int
    url: str


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the front page's context (called by Unfold)."""
    systems = list(ConnectedSystem.objects.order_by("name"))
    context["attention"] = needs_attention(systems)
    context["cards"] = [*_people_cards(), *_operation_cards()]
    context["systems"] = _system_rows(systems)
    context["first_steps"] = context["cards"][0].number == 0 or not systems
    if request.user.has_perm("identities.view_auditentry"):  # type: ignore[union-attr]
        context["latest"] = [
            {"entry": each, "verb": name_in_words(each.verb)} for each in AuditEntry.objects.order_by("-id")[:LATEST]
        ]
    return context


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
    yield Card(_("On their way"), counted["waiting"], f"{url}?state__exact=waiting")
    yield Card(_("Tried again"), counted["retrying"], f"{url}?state__exact=waiting&attempt__gt=0")


def _system_rows(systems: list[ConnectedSystem]) -> list[dict[str, Any]]:
    links = {
        row["system_id"]: row
        for row in Link.objects.values("system_id").annotate(
            linked=Count("pk", filter=Q(state="linked")), last=Max("synchronised_at")
        )
    }
    on_their_way = Q(state__in=(OperationState.WAITING, OperationState.IN_FLIGHT))
    operations = {
        row["system_id"]: row
        for row in Operation.objects.filter(on_their_way | Q(state__in=WAITS_FOR_A_PERSON))
        .values("system_id")
        .annotate(waiting=Count("pk", filter=on_their_way), stuck=Count("pk", filter=~on_their_way))
    }
    operations_url = reverse("admin:connectors_operation_changelist")
    return [
        {
            "system": system,
            "url": reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
            "health": _health(system),
            "linked": links.get(system.pk, {}).get("linked", 0),
            "last": links.get(system.pk, {}).get("last"),
            "waiting": operations.get(system.pk, {}).get("waiting", 0),
            "stuck": operations.get(system.pk, {}).get("stuck", 0),
            "operations_url": f"{operations_url}?system__id__exact={system.pk}",
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
