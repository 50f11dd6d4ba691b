"""What a person can do about an operation: try it again, lay it aside, call it off."""

from django.db import transaction
from django.utils import timezone

from connectors.engine import takeover
from connectors.engine.claiming import dialect
from connectors.models import Operation
from connectors.vocabulary import OperationState, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import NotFound, RuleViolation

RETRIED = (OperationState.FAILED, OperationState.DISPUTED, OperationState.WAITING)
SKIPPED = (OperationState.FAILED, OperationState.DISPUTED)
CANCELLED = (OperationState.WAITING,)


@transaction.atomic
def retry(operation: Operation, *, actor: Actor) -> Operation:
    """Try an operation again now, with the values as they are now; its attempts are counted anew.

    The system's gates still apply. Where a newer change of the object waits already, that one is made due instead.

    Raises:
        RuleViolation: it is not failed, disputed or waiting.
    """
    locked = locked_operation(operation, RETRIED, "retried")
    now = dialect().now()
    if locked.state == OperationState.WAITING:
        Operation.objects.filter(pk=locked.pk).update(due_at=now, attempt=0, worker_deaths=0)
    else:
        locked.attempt = locked.worker_deaths = 0
        takeover.give_back(locked, due_at=now, now=now, attempt=0, worker_deaths=0, finished_at=None)
        takeover.waiting_row(locked).update(due_at=now)
    return _recorded(locked, SystemVerb.OPERATION_RETRIED, actor)


@transaction.atomic
def skip(operation: Operation, *, actor: Actor) -> Operation:
    """Lay a failed or disputed operation aside; the next change of the object brings it back (raises RuleViolation)."""
    locked = locked_operation(operation, SKIPPED, "skipped")
    _close(locked, OperationState.SKIPPED)
    return _recorded(locked, SystemVerb.OPERATION_SKIPPED, actor)


@transaction.atomic
def cancel(operation: Operation, *, actor: Actor) -> Operation:
    """Call off an operation that waits; the next change of the object brings it back (raises RuleViolation)."""
    locked = locked_operation(operation, CANCELLED, "cancelled")
    _close(locked, OperationState.CANCELLED)
    return _recorded(locked, SystemVerb.OPERATION_CANCELLED, actor)


def locked_operation(operation: Operation, states: tuple[OperationState, ...], done: str) -> Operation:
    """The operation as it is now, locked until the transaction ends.

    Raises:
        NotFound: it is gone. RuleViolation: it is in none of these states, so that it cannot be `done`.
    """
    locked = Operation.objects.select_for_update().filter(pk=operation.pk).first()
    if locked is None:
        raise NotFound("no_such_operation", "This operation does not exist any more.")
    if locked.state not in states:
        raise RuleViolation("wrong_state", f"This operation is {locked.state} and cannot be {done}.")
    return locked


def _close(operation: Operation, state: OperationState) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=state, finished_at=timezone.now())


def _recorded(operation: Operation, verb: SystemVerb, actor: Actor) -> Operation:
    operation.refresh_from_db()
    audit.record(verb, operation, actor=actor, system=str(operation.system_id), object=operation.object_name)
    outbox.ring()
    return operation
