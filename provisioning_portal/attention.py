"""What needs an administrator's attention, for the front page, in a constant number of queries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors.admin.charts import operations_url
from connectors.engine.advice import advice, cause_in_words
from connectors.models import ConnectedSystem, Finding, Operation, Run
from connectors.vocabulary import WAITS_FOR_A_PERSON, BreakerState, OperationState, RunState, SystemState
from identities.admin.words import moment_in_words
from identities.models import Delivery
from identities.queries.client_expiry import clients_that_expire

STALLED_AFTER: Final = timedelta(minutes=5)
SHOWN_IMPORTS: Final = 5


@dataclass(frozen=True, slots=True)
class Attention:
    """Something an administrator should look at: since when, what it is, and where to go."""

    level: str
    text: str
    advice: str
    since: datetime | None
    url: str


def needs_attention(systems: Sequence[ConnectedSystem]) -> list[Attention]:
    """Everything a person should look at, the most pressing first."""
    found = [
        *_stalled(),
        *_systems_in_trouble(systems),
        *_operations_for_a_person(),
        *_imports_for_a_person(),
        *_clients_that_expire(),
    ]
    return sorted(found, key=lambda item: item.level != "bad")


def _stalled() -> Iterator[Attention]:
    """Work that is due on systems that can be called, and nobody who has done any for a while."""
    before = timezone.now() - STALLED_AFTER
    callable_now = Q(system__throttled_until__isnull=True) | Q(system__throttled_until__lt=before)
    due = Operation.objects.filter(
        callable_now,
        state=OperationState.WAITING,
        due_at__lt=before,
        system__state=SystemState.RUNNING,
        system__breaker=BreakerState.CLOSED,
    )
    events = Delivery.objects.filter(done_at__isnull=True, event__created_at__lt=before)
    since = min(
        filter(
            None,
            (
                due.aggregate(since=Min("due_at"))["since"],
                events.aggregate(since=Min("event__created_at"))["since"],
            ),
        ),
        default=None,
    )
    if since is None:
        return
    working = Operation.objects.filter(finished_at__gte=before).exists()
    if not working and not Delivery.objects.filter(done_at__gte=before).exists():
        yield Attention(
            "bad",
            _("Changes wait and no worker takes them up"),
            _("Start a worker, or look into its log: nothing is lost, and all of it goes out once one runs."),
            since,
            operations_url(state__exact=OperationState.WAITING),
        )


def _systems_in_trouble(systems: Sequence[ConnectedSystem]) -> Iterator[Attention]:
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
        Operation.objects.filter(state__in=WAITS_FOR_A_PERSON)
        .values("state", "error_class", "system__name", "system_id")
        .annotate(number=Count("id"), since=Min("finished_at"))
        .order_by("state", "system__name", "error_class")
    )
    for row in waiting:
        filters = {"state__exact": row["state"], "system__id__exact": row["system_id"]}
        if row["error_class"]:
            filters["error_class__exact"] = row["error_class"]
        text = _words(row["state"], row["error_class"], row["number"], row["system__name"])
        level = "wait" if row["state"] == OperationState.HELD else "bad"
        todo = advice(row["state"], row["error_class"])
        yield Attention(level, text, todo, row["since"], operations_url(**filters))


def _words(state: str, error_class: str, number: int, system: str) -> str:
    facts = {"number": number, "system": system, "cause": cause_in_words(error_class or "rejected")}
    if state == OperationState.HELD:
        text = ngettext(
            "%(number)d removal on %(system)s is held by its limit",
            "%(number)d removals on %(system)s are held by its limit",
            number,
        )
    elif state == OperationState.DISPUTED:
        text = ngettext(
            "%(number)d account on %(system)s has a name that is taken by somebody else's",
            "%(number)d accounts on %(system)s have names that are taken by somebody else's",
            number,
        )
    else:
        text = ngettext(
            "%(number)d operation on %(system)s failed: %(cause)s",
            "%(number)d operations on %(system)s failed: %(cause)s",
            number,
        )
    return text % facts


def _imports_for_a_person() -> Iterator[Attention]:
    open_runs = Run.objects.filter(state__in=(RunState.PLANNED, RunState.FAILED), kind="import")
    problems = Exists(Finding.objects.filter(run=OuterRef("pk"), blocking=True))
    for run in open_runs.annotate(has_problems=problems).order_by("-created_at")[:SHOWN_IMPORTS]:
        url = reverse("admin:connectors_run_change", args=[run.pk])
        if run.has_problems:
            text = _("The file %(file)s has problems, so it cannot be imported")
            advice = _("Read which row and column they are in, mend the file, and import it again.")
            yield Attention("bad", text % {"file": run.file_name}, advice, run.created_at, url)
        elif run.state == RunState.PLANNED:
            text = _("The import of %(file)s is planned and waits to be applied")
            advice = _("Look at what it would change, then apply or cancel it.")
            yield Attention("wait", text % {"file": run.file_name}, advice, run.created_at, url)
        else:
            text = _("The import of %(file)s failed")
            yield Attention("bad", text % {"file": run.file_name}, run.error, run.created_at, url)


def _clients_that_expire() -> Iterator[Attention]:
    for expiry in clients_that_expire():
        facts = {"client": expiry.client.name, "time": moment_in_words(expiry.at)}
        if expiry.is_past:
            text = _("API client %(client)s is turned away since %(time)s") % facts
        else:
            text = _("API client %(client)s is turned away from %(time)s on") % facts
        advice = (
            _("Its last token expires. Issue another one and enter it on the other side before.")
            if expiry.of_token
            else _("Give it a later date, or disable it if nobody needs it any more.")
        )
        url = reverse("admin:identities_apiclient_change", args=[expiry.client.pk])
        yield Attention("bad" if expiry.is_past else "wait", text, advice, None, url)
