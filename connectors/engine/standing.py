"""How everything stands, in a constant number of queries: for the status command and for monitoring."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q

from connectors.engine.claiming import dialect
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import OPEN, OperationState
from identities.models import Delivery, User
from identities.vocabulary import Consumer, UserState


@dataclass(frozen=True, slots=True)
class Standing:
    """Numbers.

    Attributes:
        people: persons by state; `active` are those whose accounts are usable, `suspended` those who would be but for
            that. Deleted ones count apart.
        links: by name of the system and state.
        systems: name, state, breaker and reason of each.
        operations: those that are open, by what they wait for; `retrying` have failed before.
        oldest_seconds: the age of the oldest open operation.
        events: change events no worker has looked at.
    """

    people: dict[str, int]
    links: dict[str, dict[str, int]]
    systems: list[dict[str, Any]]
    operations: dict[str, int]
    oldest_seconds: int | None
    events: int


def standing() -> Standing:
    """How everything stands now."""
    operations, oldest_seconds = _operations()
    pending = Delivery.objects.filter(consumer=Consumer.CONNECTORS, done_at__isnull=True)
    return Standing(_people(), _links(), _systems(), operations, oldest_seconds, pending.count())


def _people() -> dict[str, int]:
    there = Q(deleted_at__isnull=True)
    counts = {
        **{str(state): Count("pk", filter=there & Q(state=state)) for state in UserState},
        "active": Count("pk", filter=there & Q(state=UserState.ACTIVE, active=True)),
        "suspended": Count("pk", filter=there & Q(state=UserState.ACTIVE, active=False)),
        "deleted": Count("pk", filter=~there),
    }
    # The names of the counts stand beside the model's own columns.
    aliased = {f"count_{name}": count for name, count in counts.items()}
    found = User.objects.get_queryset().filter(kind="person").aggregate(**aliased)
    return {name: found[f"count_{name}"] for name in counts}


def _links() -> dict[str, dict[str, int]]:
    rows = Link.objects.order_by("system__name", "state").values_list("system__name", "state")
    found: dict[str, dict[str, int]] = {}
    for name, state, number in rows.annotate(number=Count("pk")):
        found.setdefault(name, {})[state] = number
    return found


def _systems() -> list[dict[str, Any]]:
    rows = ConnectedSystem.objects.order_by("name").values("name", "state", "breaker", "breaker_reason")
    return [
        {"name": row["name"], "state": row["state"], "breaker": row["breaker"], "reason": row["breaker_reason"]}
        for row in rows
    ]


def _operations() -> tuple[dict[str, int], int | None]:
    waiting = Q(state=OperationState.WAITING)
    counts = {
        "waiting": waiting & Q(attempt=0),
        "retrying": waiting & Q(attempt__gt=0),
        **{str(state): Q(state=state) for state in OPEN if state is not OperationState.WAITING},
    }
    aliased = {f"count_{name}": Count("pk", filter=condition) for name, condition in counts.items()}
    found = Operation.objects.filter(state__in=OPEN).aggregate(oldest=Min("created_at"), **aliased)
    oldest = found["oldest"]
    age = max(0, int((dialect().now() - oldest).total_seconds())) if oldest else None
    return {name: found[f"count_{name}"] for name in counts}, age
