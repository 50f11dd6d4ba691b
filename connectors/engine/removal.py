"""The end of a connected system: its row goes when its accounts are dealt with."""

from uuid import UUID

from django.db import transaction

from connectors.engine import push
from connectors.engine.claiming import dialect
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership, Run
from connectors.vocabulary import RunKind, RunState, SystemState, SystemVerb
from identities import audit
from identities.actors import Actor
from identities.vocabulary import Channel


def finish_removals() -> int:
    """Drop the systems whose removal has nothing left to do; return how many."""
    queued = Run.objects.filter(kind=RunKind.REMOVAL, state=RunState.APPLYING, checkpoint=push.EVERYTHING_IS_QUEUED)
    waiting = queued.filter(system__state=SystemState.DELETING).values_list("pk", flat=True)
    return sum(_finish(run_id) for run_id in list(waiting))


def delete(system: ConnectedSystem, actor: Actor) -> None:
    """Drop the system with its links and operations, in the caller's transaction. Accounts are not touched."""
    accounts = Link.objects.filter(system=system).count()
    audit.record(SystemVerb.SYSTEM_DELETED, system, actor=actor, policy=system.deletion_policy, links=accounts)
    # The many rows go by statements of their own: a cascade would load them all.
    RemoteMembership.objects.filter(group_link__system=system).delete()
    Operation.objects.filter(system=system).delete()
    Link.objects.filter(system=system).delete()
    system.delete()


@transaction.atomic
def _finish(run_id: UUID) -> bool:
    run = Run.objects.select_related("system").get(pk=run_id)
    locked = dialect().lock_system(run.system_id)
    if locked is None or push.open_operations(locked.system).exists():
        return False
    actor = Actor(
        run.origin, Channel.CONNECTOR, run.actor_name, user_id=run.actor_id, correlation_id=run.correlation_id
    )
    delete(locked.system, actor)
    return True
