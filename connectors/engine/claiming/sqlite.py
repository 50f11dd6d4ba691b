"""Taking from the queue on SQLite: one writer at a time, and a compare-and-swap for each row.

Transactions begin IMMEDIATE (`provisioning_portal.settings.databases`), so whoever is inside one is the only writer.
Django drops `skip_locked` silently here; the swap makes the claim safe whatever the transaction mode.

Source: SQLite manual, "Transactions: DEFERRED, IMMEDIATE, and EXCLUSIVE".
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from connectors.engine.claiming.locked import Lock, Locked
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import OperationState

_LONGEST_LOOK_SECONDS = 0.11


def now() -> datetime:
    """The database's time at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now')", [])
        return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)


def lock_system(system_id: UUID) -> Locked | None:
    """The system; the transaction itself is the lock. None when it is gone."""
    return _lock().take(system_id)


@cache
def _lock() -> Lock:
    return Lock(ConnectedSystem.objects.all())


def unheld(candidates: "QuerySet[Operation]") -> "QuerySet[Operation]":
    """The rows of `candidates` as they are now."""
    return candidates


def take(operations: Sequence[Operation], worker: str, started_at: datetime, lease_until: datetime) -> list[Operation]:
    """Lease to `worker` those of the rows that are still as they were seen."""
    return [operation for operation in operations if _swap(operation, worker, started_at, lease_until)]


def _swap(operation: Operation, worker: str, started_at: datetime, lease_until: datetime) -> bool:
    seen = Operation.objects.filter(pk=operation.pk, state=OperationState.WAITING, fence=operation.fence)
    swapped = seen.update(
        state=OperationState.IN_FLIGHT,
        lease_owner=worker,
        lease_until=lease_until,
        started_at=started_at,
        finished_at=None,
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
    )
    return swapped == 1


def give_way() -> None:
    """Let others write between two large transactions. Whoever waits for the lock looks ten times a second."""
    time.sleep(_LONGEST_LOOK_SECONDS)
