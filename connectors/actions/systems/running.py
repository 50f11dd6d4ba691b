"""Starting, stopping, pushing and removing a connected system."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from connectors.actions.systems.configuration import check_complete
from connectors.actions.systems.settings import locked_system
from connectors.engine import gates, push, removal
from connectors.models import ConnectedSystem, Run
from connectors.vocabulary import RemovalPolicy, RunKind, RunState, SystemState, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import RuleViolation

REPLACED = "A newer run took its place."


@transaction.atomic
def resume_system(system: ConnectedSystem | UUID, *, actor: Actor) -> Run:
    """Let the system be written to, and push everybody; the caller has shown what that will do.

    Raises:
        RuleViolation: it is not paused, or its configuration is not complete.
    """
    locked = locked_system(system)
    if locked.state != SystemState.PAUSED:
        raise RuleViolation("not_paused", f"{locked.name} is {locked.state}; only a paused system can be resumed.")
    check_complete(locked)
    _set_state(locked, SystemState.RUNNING)
    gates.reset(locked)
    audit.record(SystemVerb.SYSTEM_RESUMED, locked, actor=actor)
    return _push(locked, actor)


@transaction.atomic
def pause_system(system: ConnectedSystem | UUID, *, actor: Actor) -> ConnectedSystem:
    """Write nothing to the system until it is resumed; what is under way is finished.

    Raises:
        RuleViolation: it is not running.
    """
    locked = locked_system(system)
    if locked.state != SystemState.RUNNING:
        raise RuleViolation("not_running", f"{locked.name} is {locked.state}; only a running system can be paused.")
    _set_state(locked, SystemState.PAUSED)
    audit.record(SystemVerb.SYSTEM_PAUSED, locked, actor=actor)
    return locked


@transaction.atomic
def start_push(system: ConnectedSystem | UUID, *, actor: Actor) -> Run:
    """Converge everybody in scope or linked, as after a change of configuration.

    An older push that is still being queued gives way.

    Raises:
        RuleViolation: the system is not running.
    """
    locked = locked_system(system)
    if locked.state != SystemState.RUNNING:
        raise RuleViolation("not_running", f"{locked.name} is {locked.state}; resume it, and everybody is pushed.")
    return _push(locked, actor)


@transaction.atomic
def delete_system(system: ConnectedSystem | UUID, policy: RemovalPolicy, *, actor: Actor) -> Run | None:
    """Remove a system.

    Args:
        policy: what becomes of its accounts. LEAVE removes the system at once, also one whose removal is under way and
            stuck. DISABLE and DELETE first do that to every account; the system goes when all are done.

    Returns:
        The run that deals with the accounts, or None when the system is gone already.
    """
    locked = locked_system(system)
    if policy is RemovalPolicy.LEAVE:
        removal.delete(locked, actor)
        return None
    locked.deletion_policy = policy
    _set_state(locked, SystemState.DELETING)
    gates.reset(locked)
    audit.record(SystemVerb.SYSTEM_DELETION_STARTED, locked, actor=actor, policy=str(policy))
    return _run(locked, RunKind.REMOVAL, actor, confirmed_removals=True)


def _set_state(system: ConnectedSystem, state: SystemState) -> None:
    system.state = state
    system.modified_at = timezone.now()
    system.save(update_fields=["state", "deletion_policy", "modified_at"])


def _push(system: ConnectedSystem, actor: Actor) -> Run:
    run = _run(system, RunKind.PUSH, actor)
    audit.record(SystemVerb.SYSTEM_PUSHED, system, actor=actor, run=str(run.pk), total=run.total)
    return run


def _run(system: ConnectedSystem, kind: RunKind, actor: Actor, *, confirmed_removals: bool = False) -> Run:
    now = timezone.now()
    older = Run.objects.filter(system=system, kind__in=push.KINDS, state__in=push.UNFINISHED)
    older.update(state=RunState.CANCELLED, finished_at=now, error=REPLACED)
    run = Run.objects.create(
        kind=kind,
        system=system,
        total=push.total(system, kind),
        confirmed_removals=confirmed_removals,
        origin=actor.origin,
        actor_name=actor.name[:255],
        actor_id=actor.user_id,
        correlation_id=actor.correlation_id,
        created_at=now,
    )
    outbox.ring()
    return run
