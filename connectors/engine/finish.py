"""Writing down how converging one object ended."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from connectors.engine import gates, takeover
from connectors.engine.budget import settle_removal
from connectors.engine.claim import Claim, Ending, Outcome, held_operation
from connectors.engine.claiming import dialect
from connectors.engine.dependents import ring
from connectors.engine.queue import enqueue
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import OperationState

CLOSED_AS = {
    Ending.DONE: OperationState.DONE,
    Ending.FAILED: OperationState.FAILED,
    Ending.DISPUTED: OperationState.DISPUTED,
    Ending.HELD: OperationState.HELD,
    Ending.DEFECT: OperationState.FAILED,
}
"""Endings that close the row. The others let it wait for the system."""

LOST_LEASE = "a worker finished after its lease had been given to another"


def finish(claim: Claim, outcome: Outcome) -> bool:
    """Write the outcome on the operation, the breaker and throttle of its system, and enqueue what it needs to go on.

    Returns:
        False when the lease was lost. Nothing of the outcome is written then, and the object is enqueued afresh,
        because this worker may have written to the system after its successor did.
    """
    with transaction.atomic():
        locked = dialect().lock_system(claim.system_id)
        if locked is not None and _write(claim, outcome, locked.system, locked.now):
            return True
    if locked is not None:
        enqueue(claim.system_id, claim.object_type, [claim.object_id], lane=claim.lane, cause=LOST_LEASE)
    return False


def _write(claim: Claim, outcome: Outcome, system: ConnectedSystem, now: datetime) -> bool:
    held = held_operation(claim)
    if held is None:
        return False
    operation, _ = held
    state = _closed_as(operation, outcome.ending)
    written = {"lease_owner": "", "lease_until": None, "finished_at": now, "state": state, **_result(outcome)}
    Operation.objects.filter(pk=operation.pk).update(**written)
    gates.note(system, outcome, now)
    if outcome.ending is Ending.DONE:
        settle_removal(operation)
    if state == OperationState.IN_FLIGHT:
        takeover.give_back(operation, due_at=_due_again(outcome, system, now), now=now)
    cause = f"so that {operation.object_name} can go on"
    ring(claim.system_id, outcome.dependents, lane=claim.lane, cause=cause, correlation_id=operation.correlation_id)
    return True


def _result(outcome: Outcome) -> dict[str, Any]:
    return {
        "verdict": outcome.verdict,
        "steps": list(outcome.steps),
        "difference": outcome.difference,
        "error_class": outcome.error_class,
        "message": outcome.message,
        "detail": outcome.detail,
        "held_verdict": outcome.held_verdict,
        "calls": list(outcome.calls),
    }


def _closed_as(operation: Operation, ending: Ending) -> OperationState:
    """The row's state once it is closed, or the one it has if it is not to be closed.

    One that would wait for a person gives way to a newer change that waits for the system.
    """
    state = CLOSED_AS.get(ending, OperationState.IN_FLIGHT)
    waits_for_a_person = state not in (OperationState.DONE, OperationState.IN_FLIGHT)
    is_newer = waits_for_a_person and takeover.waiting_row(operation).exists()
    return OperationState.SUPERSEDED if is_newer else state


def _due_again(outcome: Outcome, system: ConnectedSystem, now: datetime) -> datetime:
    if outcome.ending is Ending.RETRY and outcome.retry_in is not None:
        return now + timedelta(seconds=outcome.retry_in)
    if outcome.ending is Ending.THROTTLED and system.throttled_until:
        return system.throttled_until
    return now
