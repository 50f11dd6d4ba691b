"""Giving operations back to the queue: leases that ran out, and attempts that ended without a result.

At most one row of an object waits. When another one has come meanwhile, the row given back is closed, and its count of
attempts and of worker deaths and the removal that it began pass to the one that waits.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from connectors.engine.claiming import dialect
from connectors.models import Operation
from connectors.vocabulary import OperationState

DEATHS_ALLOWED = 5
"""So many workers may vanish over one operation before it is parked."""


def take_over_expired() -> int:
    """Put every operation whose lease ran out back into the queue; return how many there were.

    The fence moves, so that the old owner's late finish is refused. An operation over which `DEATHS_ALLOWED` workers
    have vanished waits for a person instead.
    """
    expired = Operation.objects.filter(state=OperationState.IN_FLIGHT, lease_until__lt=dialect().now())
    return sum(_take_over(pk, fence) for pk, fence in list(expired.values_list("pk", "fence")))


@transaction.atomic
def _take_over(pk: int, fence: int) -> bool:
    held = Operation.objects.filter(pk=pk, fence=fence, state=OperationState.IN_FLIGHT)
    now = dialect().now()
    if not held.filter(lease_until__lt=now).update(fence=F("fence") + 1, worker_deaths=F("worker_deaths") + 1):
        return False
    operation = Operation.objects.get(pk=pk)
    if operation.worker_deaths >= DEATHS_ALLOWED:
        _park(operation, now)
    else:
        give_back(operation, due_at=now, now=now, lease_owner="", lease_until=None)
    return True


def give_back(operation: Operation, *, due_at: datetime, now: datetime, **columns: Any) -> bool:
    """Let `operation` wait until `due_at`, or merge it into the row of the same object that waits already.

    What a change asked for does not become part of a run by that, or calling the run off would call off the change.

    Args:
        columns: further columns to write on the row that is given back.

    Returns:
        False when it was merged: the row is closed as superseded, and the waiting one keeps its own due time.
    """
    row = Operation.objects.filter(pk=operation.pk)
    try:
        with transaction.atomic():
            row.update(state=OperationState.WAITING, due_at=due_at, **columns)
    except IntegrityError:
        if not _merge_into_waiting(operation):  # it was called off in between
            return give_back(operation, due_at=due_at, now=now, **columns)
        closed = {"state": OperationState.SUPERSEDED, "finished_at": now, "removal": "", "removal_at": None}
        row.update(**{**columns, **closed})
        return False
    return True


def _merge_into_waiting(operation: Operation) -> int:
    released = Case(When(released=True, then=Value(True)), default=Value(operation.released))  # noqa: FBT003 a database value
    passed_on: dict[str, Any] = {"run": None} if operation.run_id is None else {}
    if operation.removal:
        passed_on |= {"removal": operation.removal, "removal_at": operation.removal_at}
    merged: int = waiting_row(operation).update(
        attempt=Greatest(F("attempt"), operation.attempt),
        worker_deaths=Greatest(F("worker_deaths"), operation.worker_deaths),
        lane=Least(F("lane"), operation.lane),
        created_at=Least(F("created_at"), Value(operation.created_at)),
        released=released,
        **passed_on,
    )
    return merged


def _park(operation: Operation, now: datetime) -> None:
    """Close the row, and the one that waits, for a person: whatever kills the workers would kill the next one too."""
    message = _("%(count)d workers vanished while they worked on this. Look at the workers' log, then retry.")
    parked = {
        "state": OperationState.FAILED,
        "error_class": "defect",
        "message": message % {"count": operation.worker_deaths},
        "finished_at": now,
        "lease_owner": "",
        "lease_until": None,
    }
    waiting_row(operation).update(state=OperationState.SUPERSEDED, finished_at=now)
    Operation.objects.filter(pk=operation.pk).update(**parked)


def waiting_row(operation: Operation) -> Any:
    """The row of the same object that waits, if there is one, as a query set."""
    return Operation.objects.filter(
        system=operation.system_id,
        object_type=operation.object_type,
        object_id=operation.object_id,
        state=OperationState.WAITING,
    )
