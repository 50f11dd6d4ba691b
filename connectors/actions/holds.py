"""Removals that the brake stopped: let through, or called off, by a person."""

from django.db import transaction

from connectors.actions.operations import locked_operation
from connectors.engine import takeover
from connectors.engine.claiming import dialect
from connectors.models import Link, Operation
from connectors.vocabulary import Lane, OperationState, Settlement, SystemVerb
from identities import audit, outbox
from identities.actors import Actor

HELD = (OperationState.HELD,)


@transaction.atomic
def release(operation: Operation, *, actor: Actor) -> Operation:
    """Let a held removal through: it is decided again and, if it still is a removal, carried out beyond the limit.

    Raises:
        RuleViolation: the operation is not held.
    """
    locked = locked_operation(operation, HELD, "released")
    now = dialect().now()
    locked.released, locked.lane = True, Lane.REMOVAL
    takeover.give_back(locked, due_at=now, now=now, released=True, lane=Lane.REMOVAL, finished_at=None)
    return _recorded(locked, SystemVerb.HOLD_RELEASED, actor)


@transaction.atomic
def reject(operation: Operation, *, actor: Actor) -> Operation:
    """Call a held removal off: the account stays as it is, also at the next change (raises RuleViolation)."""
    locked = locked_operation(operation, HELD, "rejected")
    Operation.objects.filter(pk=locked.pk).update(state=OperationState.CANCELLED)
    links = Link.objects.filter(system=locked.system_id, object_type=locked.object_type, object_id=locked.object_id)
    links.update(settlement=Settlement.KEPT)
    return _recorded(locked, SystemVerb.HOLD_REJECTED, actor)


def _recorded(operation: Operation, verb: SystemVerb, actor: Actor) -> Operation:
    operation.refresh_from_db()
    facts = {"system": str(operation.system_id), "object": operation.object_name, "removal": operation.held_verdict}
    audit.record(verb, operation, actor=actor, **facts)
    outbox.ring()
    return operation
