"""What is left of the hour's allowance of removals, counted from the operations themselves."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from connectors.engine.limits import REMOVAL_WINDOW, RemovalBudget, removal_limit
from connectors.engine.situation import REMOVALS, Verdict
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import LinkState, OperationState
from identities.vocabulary import ObjectType


def removal_budget(system: ConnectedSystem, now: datetime, own_operation: int | None = None) -> RemovalBudget:
    """How many removals the system has seen within the last hour, those under way included, and how many it may.

    Args:
        own_operation: the operation at hand, which does not count.
    """
    return removal_budgets([system], now, own_operation)[system.id]


def removal_budgets(
    systems: Collection[ConnectedSystem], now: datetime, own_operation: int | None = None
) -> dict[UUID, RemovalBudget]:
    """The same for several systems, in two queries."""
    removed = _removals(systems, now, own_operation)
    linked = dict(
        Link.objects.filter(system__in=systems, state=LinkState.LINKED, object_type=ObjectType.USER)
        .values("system")
        .annotate(count=Count("pk"))
        .values_list("system", "count")
    )
    return {system.id: _budget(system, *removed.get(system.id, (0, 0)), linked.get(system.id, 0)) for system in systems}


def _removals(
    systems: Collection[ConnectedSystem], now: datetime, own_operation: int | None
) -> dict[UUID, tuple[int, int]]:
    """By system, how many disables and deletes there were, and how many of them deletes."""
    recent = Q(state=OperationState.DONE, finished_at__gt=now - REMOVAL_WINDOW) | Q(state=OperationState.IN_FLIGHT)
    counted = (
        Operation.objects.filter(recent, system__in=systems, verdict__in=REMOVALS, released=False)
        .exclude(pk=own_operation)
        .order_by()
        .values("system")
        .annotate(removed=Count("pk"), deleted=Count("pk", filter=Q(verdict=Verdict.DELETE)))
    )
    return {each["system"]: (each["removed"], each["deleted"]) for each in counted}


def _budget(system: ConnectedSystem, removed: int, deleted: int, linked: int) -> RemovalBudget:
    accounts = linked + deleted  # a share of the accounts there were, not of those that are left
    limit = removal_limit(system.removal_limit, system.removal_limit_percent, accounts)
    return RemovalBudget(removed, limit, accounts)
