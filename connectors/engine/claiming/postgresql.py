"""Taking from the queue on PostgreSQL: row locks, and rows that somebody else holds are passed over.

Sources: PostgreSQL manual, "SELECT: The Locking Clause" and "Explicit Locking".
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from connectors.engine.claiming.locked import Lock, Locked
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import OperationState


def now() -> datetime:
    """The database's time at this moment, not at the start of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def lock_system(system_id: UUID) -> Locked | None:
    """The system, locked until the transaction ends; None when it is gone.

    The lock lets new operations refer to the system meanwhile (FOR NO KEY UPDATE).
    """
    return _lock().take(system_id)


@cache
def _lock() -> Lock:
    return Lock(ConnectedSystem.objects.select_for_update(no_key=True))


def unheld(candidates: "QuerySet[Operation]") -> "QuerySet[Operation]":
    """The rows of `candidates` nobody else holds, which the statement locks."""
    return candidates.select_for_update(skip_locked=True, of=("self",))


def take(operations: Sequence[Operation], worker: str, started_at: datetime, lease_until: datetime) -> list[Operation]:
    """Lease rows that `unheld` gave in this transaction to `worker`; all of them, because they are locked."""
    Operation.objects.filter(pk__in=[operation.pk for operation in operations]).update(
        state=OperationState.IN_FLIGHT,
        lease_owner=worker,
        lease_until=lease_until,
        started_at=started_at,
        finished_at=None,
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
    )
    return list(operations)


def give_way() -> None:
    """Let others write between two large transactions: they do anyway."""
