"""What is left of the hour's allowance of removals, counted from the operations themselves.

A removal counts from the moment it is begun, before the system is called, so that a worker that vanishes takes no count
along. It is given back when it is known not to have come about.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from connectors.engine.limits import REMOVAL_WINDOW, RemovalBudget, removal_limit
from connectors.engine.situation import Verdict
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import LinkState
from identities.vocabulary import ObjectType


def removal_budget(system: ConnectedSystem, now: datetime, own_operation: int | None = None) -> RemovalBudget:
    """How many removals may have come about on the system within the last hour, and how many it may see.

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


def begin_removal(operation: Operation, verdict: Verdict, now: datetime) -> None:
    """Count a removal that is about to be carried out."""
    Operation.objects.filter(pk=operation.pk).update(verdict=verdict, removal=verdict, removal_at=now)


def give_back_removal(operation: Operation) -> None:
    """Do not count the operation's removal any more: it did not come about."""
    Operation.objects.filter(pk=operation.pk).update(removal="", removal_at=None)


def settle_removal(operation: Operation) -> None:
    """Give back the removal of an operation that is done and left the account in use."""
    in_use = Link.objects.filter(
        system=operation.system_id,
        object_type=operation.object_type,
        object_id=operation.object_id,
        state=LinkState.LINKED,
        enabled=True,
    )
    if operation.removal and in_use.exists():
        give_back_removal(operation)


def _removals(
    systems: Collection[ConnectedSystem], now: datetime, own_operation: int | None
) -> dict[UUID, tuple[int, int]]:
    """By system, how many disables and deletes there were, and how many of them deletes."""
    counted = (
        Operation.objects.filter(system__in=systems, removal_at__gt=now - REMOVAL_WINDOW, released=False)
        .exclude(pk=own_operation)
        .order_by()
        .values("system")
        .annotate(removed=Count("pk"), deleted=Count("pk", filter=Q(removal=Verdict.DELETE)))
    )
    return {each["system"]: (each["removed"], each["deleted"]) for each in counted}


def _budget(system: ConnectedSystem, removed: int, deleted: int, linked: int) -> RemovalBudget:
    accounts = linked + deleted  # a share of the accounts there were, not of those that are left
    limit = removal_limit(system.removal_limit, system.removal_limit_percent, accounts)
    return RemovalBudget(removed, limit, accounts)
