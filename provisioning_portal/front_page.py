"""The front page of the administrative portal: what needs attention, and how everything stands, in a constant
number of queries.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from connectors.admin.charts import Cell, Chart, Row, Series, day_in_words, hour_in_words, operations_url, over_time
from connectors.admin.words import health_in_words
from connectors.engine.progress import by_day, by_hour
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import OPEN, WAITS_FOR_A_PERSON, LinkState, OperationState, SystemState
from identities.admin.words import name_in_words
from identities.models import AuditEntry, User
from provisioning_portal.attention import needs_attention

LATEST: Final = 8
_RETRIED: Final = "retried"


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the front page's context (called by Unfold)."""
    systems = list(ConnectedSystem.objects.order_by("name"))
    open_operations = _open_operations()
    people = _people()
    context["attention"] = needs_attention(systems)
    context["all_answer"] = bool(systems) and all(each.last_success_at for each in systems)
    context["charts"] = [people, *_over_time()] if systems else [people]
    context["systems"] = _system_rows(systems, open_operations)
    context["backlog"] = _backlog(systems, open_operations)
    context["first_steps"] = people.is_empty or not systems
    if request.user.has_perm("identities.view_auditentry"):  # type: ignore[union-attr]
        context["latest"] = [
            {"entry": each, "verb": name_in_words(each.verb)} for each in AuditEntry.objects.order_by("-id")[:LATEST]
        ]
    return context


def _people() -> Chart:
    """People by state; the lists they lead to count the same."""
    url = reverse("admin:identities_user_changelist")
    active = Q(state="active")
    counted = User.objects.persons().aggregate(
        in_use=Count("pk", filter=active & Q(active=True)),
        suspended=Count("pk", filter=active & Q(active=False)),
        staged=Count("pk", filter=Q(state="staged")),
        deprovisioned=Count("pk", filter=Q(state="deprovisioned")),
    )
    shown = (
        (_("Active"), "in_use", "state__exact=active&active__exact=1"),
        (_("Suspended"), "suspended", "state__exact=active&active__exact=0"),
        (_("To start"), "staged", "state__exact=staged"),
        (_("Left"), "deprovisioned", "state__exact=deprovisioned"),
    )
    rows = tuple(Row(label, (Cell(counted[key], f"{url}?{query}"),)) for label, key, query in shown)
    about = _("%(number)d people are known to the portal.") % {"number": sum(counted.values())}
    series = (Series(_("people"), "rest"),)
    empty = _("Nobody yet. Import a file of people, or add an API client that brings them.")
    return Chart("people", _("People by state"), about, _("State"), series, rows, empty, lies=True)


def _over_time() -> tuple[Chart, Chart]:
    now = timezone.now()
    about = _("Operations by when they ended. What was tried again counts once, where it ended.")
    hours = by_hour(now)
    days = by_day(now)
    return (
        over_time("hours", _("The last 24 hours"), about, hours, hour_in_words),
        over_time("days", _("The last 14 days"), about, days, day_in_words),
    )


def _open_operations() -> dict[Any, Counter[str]]:
    """By system, how many operations are open in each state; those that failed before and wait count apart."""
    again = Count("pk", filter=Q(state=OperationState.WAITING, attempt__gt=0))
    found: dict[Any, Counter[str]] = {}
    rows = Operation.objects.filter(state__in=OPEN).order_by().values("system_id", "state")
    for row in rows.annotate(number=Count("pk"), again=again):
        counted = found.setdefault(row["system_id"], Counter())
        counted[row["state"]] += row["number"] - row["again"]
        counted[_RETRIED] += row["again"]
    return found


def _system_rows(systems: Sequence[ConnectedSystem], operations: dict[Any, Counter[str]]) -> list[dict[str, Any]]:
    linked = dict(
        Link.objects.filter(state=LinkState.LINKED)
        .order_by()
        .values("system_id")
        .annotate(number=Count("pk"))
        .values_list("system_id", "number")
    )
    links_url = reverse("admin:connectors_link_changelist")
    return [
        {
            "system": system,
            "url": reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
            "health": health_in_words(system),
            "linked": linked.get(system.pk, 0),
            "linked_url": f"{links_url}?system__id__exact={system.pk}&state__exact={LinkState.LINKED}",
            "open": sum(operations.get(system.pk, Counter()).values()),
            "open_url": operations_url(system__id__exact=system.pk, state__in=",".join(OPEN)),
            "stuck": sum(operations.get(system.pk, Counter())[state] for state in WAITS_FOR_A_PERSON),
            "stuck_url": operations_url(system__id__exact=system.pk, state__in=",".join(WAITS_FOR_A_PERSON)),
        }
        for system in systems
    ]


def _backlog(systems: Sequence[ConnectedSystem], operations: dict[Any, Counter[str]]) -> Chart:
    series = (
        Series(_("waiting"), "rest"),
        Series(_("under way"), "good"),
        Series(_("tried again"), "wait"),
        Series(_("wait for a person"), "bad"),
    )
    rows = tuple(_backlog_row(system, operations.get(system.pk, Counter())) for system in systems)
    about = _("Operations that are open, by system.")
    if all(system.state == SystemState.PAUSED for system in systems):
        empty = _("Nothing is to be done yet. Preview a system, then resume it, so that people get their accounts.")
    else:
        empty = _("All is done: nothing waits for a system or for a person.")
    return Chart("backlog", _("Backlog"), about, _("System"), series, rows, empty, lies=True)


def _backlog_row(system: ConnectedSystem, counted: Counter[str]) -> Row:
    waiting, in_flight = OperationState.WAITING, OperationState.IN_FLIGHT
    stuck = sum(counted[state] for state in WAITS_FOR_A_PERSON)
    cells = (
        (counted[waiting], {"state__exact": waiting, "attempt__exact": 0}),
        (counted[in_flight], {"state__exact": in_flight}),
        (counted[_RETRIED], {"state__exact": waiting, "attempt__gt": 0}),
        (stuck, {"state__in": ",".join(WAITS_FOR_A_PERSON)}),
    )
    return Row(
        system.name,
        tuple(Cell(number, operations_url(system__id__exact=system.pk, **which)) for number, which in cells),
        reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
    )
