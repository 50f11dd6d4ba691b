"""Pushes and removals of systems: called off."""

from django.db import transaction
from django.utils import timezone

from connectors.engine import push
from connectors.models import ConnectedSystem, Operation, Run
from connectors.vocabulary import OperationState, RunKind, RunState, SystemState, SystemVerb
from identities import audit
from identities.actors import Actor
from identities.errors import RuleViolation

UNDER_WAY = (OperationState.WAITING, OperationState.IN_FLIGHT)


@transaction.atomic
def cancel(run: Run, *, actor: Actor) -> Run:
    """Queue no more of a push or a removal, and call off what it queued and nobody has begun.

    What a change asked for as well goes on. A system whose removal is called off is paused.

    Raises:
        RuleViolation: the run is of another kind, or over.
    """
    locked = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.kind not in push.KINDS or locked.state not in push.UNFINISHED:
        raise RuleViolation("not_open", f"This {locked.kind} is {locked.state} and cannot be cancelled.")
    now = timezone.now()
    locked.state, locked.finished_at = RunState.CANCELLED, now
    locked.lease_owner, locked.lease_until = "", None
    locked.save()
    queued = Operation.objects.filter(run=locked, state=OperationState.WAITING)
    cancelled = queued.update(state=OperationState.CANCELLED, finished_at=now)
    if locked.kind == RunKind.REMOVAL:
        # What the removal and a change asked for goes on as the change's: the brake is asked again.
        Operation.objects.filter(system=locked.system_id, state__in=UNDER_WAY, released=True).update(released=False)
        deleting = ConnectedSystem.objects.filter(pk=locked.system_id, state=SystemState.DELETING)
        deleting.update(state=SystemState.PAUSED, deletion_policy="")
    audit.record(SystemVerb.RUN_CANCELLED, locked, actor=actor, cancelled=cancelled)
    return locked
