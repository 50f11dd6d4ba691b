"""Provisioning one person or group now, because somebody asked for it."""

from uuid import UUID

from django.db import transaction

from connectors.engine.queue import enqueue
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import Lane, OperationState, SystemState, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import NotFound, RuleViolation
from identities.vocabulary import ObjectType


@transaction.atomic
def provision_now(system: ConnectedSystem, object_type: ObjectType, object_id: UUID, *, actor: Actor) -> Operation:
    """Converge one object on one system ahead of what is done in bulk; what waits already is made due.

    The system's breaker and throttle still apply, and so does the removal brake.

    Returns:
        The operation that waits.

    Raises:
        RuleViolation: the system is not running. NotFound: neither the object nor an account of it is known.
    """
    if system.state != SystemState.RUNNING:
        text = f"{system.name} is {system.state}; only a running system can be written to."
        raise RuleViolation("not_running", text)
    enqueue(
        system.pk,
        object_type,
        [object_id],
        lane=Lane.INTERACTIVE,
        cause=f"asked for by {actor.name}",
        correlation_id=actor.correlation_id,
    )
    waiting = Operation.objects.filter(
        system=system, object_type=object_type, object_id=object_id, state=OperationState.WAITING
    )
    operation = waiting.first()
    if operation is None:
        raise NotFound("no_such_object", "There is no such person or group, and no account of it.")
    waiting.update(attempt=0, worker_deaths=0)
    audit.record(
        SystemVerb.OPERATION_ASKED_FOR, operation, actor=actor, system=str(system.pk), object=operation.object_name
    )
    outbox.ring()
    return operation
