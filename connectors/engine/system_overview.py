"""How one connected system fares: counts, errors by cause, throughput, and what comes next; in a constant number of
statements.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from connectors.engine.claiming import dialect
from connectors.engine.obstacles import Obstacle, system_gates
from connectors.engine.progress import Period, by_minute
from connectors.engine.push import UNFINISHED
from connectors.models import ConnectedSystem, Link, Operation, Run
from connectors.vocabulary import OPEN, WAITS_FOR_A_PERSON, OperationState


@dataclass(frozen=True, slots=True)
class Cause:
    """Operations that failed, or fail and are tried again, for one cause.

    Attributes:
        last: the latest of them, whose message says more.
    """

    state: str
    error_class: str
    number: int
    last: Operation


@dataclass(frozen=True, slots=True)
class Overview:
    """One system.

    Attributes:
        links, operations: how many there are by state; those that wait after a failure are among `waiting`.
        retried: how many of the waiting ones failed before.
        causes: why operations fail, the most frequent first.
        minutes: what ended in each minute of the last hour.
        gates: pause, breaker and throttle, whether shut or not.
        next_due: when the next operation is due; None when none waits.
        run: the push or removal that is under way.
    """

    links: Counter[str]
    operations: Counter[str]
    retried: int
    causes: tuple[Cause, ...]
    minutes: tuple[Period, ...]
    gates: tuple[Obstacle, ...]
    next_due: datetime | None
    run: Run | None


def overview(system: ConnectedSystem) -> Overview:
    """How the system fares now."""
    now = dialect().now()
    groups = _open_operations(system)
    operations: Counter[str] = Counter()
    for group in groups:
        operations[group["state"]] += group["number"]
    due = [group["due"] for group in groups if group["state"] == OperationState.WAITING]
    return Overview(
        links=Counter(dict(_links(system))),
        operations=operations,
        retried=sum(group["retried"] for group in groups),
        causes=_causes(groups),
        minutes=tuple(by_minute(system, now)),
        gates=system_gates(system, now),
        next_due=min(due, default=None),
        run=Run.objects.filter(system=system, state__in=UNFINISHED).order_by("-created_at").first(),
    )


def _links(system: ConnectedSystem) -> Any:
    rows = Link.objects.filter(system=system).order_by().values("state").annotate(number=Count("pk"))
    return rows.values_list("state", "number")


def _open_operations(system: ConnectedSystem) -> list[dict[str, Any]]:
    """What is open, by state and class of error."""
    rows = Operation.objects.filter(system=system, state__in=OPEN).order_by().values("state", "error_class")
    retried = Count("pk", filter=Q(state=OperationState.WAITING, attempt__gt=0))
    return list(rows.annotate(number=Count("pk"), retried=retried, due=Min("due_at"), last=Max("pk")))


def _causes(groups: list[dict[str, Any]]) -> tuple[Cause, ...]:
    failing = [group for group in groups if group["error_class"] or group["state"] in WAITS_FOR_A_PERSON]
    latest = Operation.objects.defer("steps", "difference").in_bulk([group["last"] for group in failing])
    found = [
        Cause(group["state"], group["error_class"], group["number"], latest[group["last"]])
        for group in failing
        if group["last"] in latest
    ]
    return tuple(sorted(found, key=lambda cause: (cause.state not in WAITS_FOR_A_PERSON, -cause.number)))
