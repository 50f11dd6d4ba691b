"""Runs that put everybody into the queue: a push after a change of configuration, the removal of a system.

A run is leased like an operation and goes ahead in chunks; each chunk and the checkpoint behind it are one
transaction, so that the next worker goes on where a killed one stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from connectors.engine import scope
from connectors.engine.claiming import dialect
from connectors.engine.queue import Request, enqueue_purged, enqueue_selected
from connectors.engine.subject_rows import WITHOUT_ROW, rows_of
from connectors.engine.system_view import order_of
from connectors.models import ConnectedSystem, Link, Operation, Run
from connectors.vocabulary import Lane, LinkState, OperationState, RunKind, RunState
from identities.models import User
from identities.vocabulary import ObjectType

CHUNK = 1000
LARGE = 500
"""Other writers get their turn after a chunk of this size."""
KINDS = (RunKind.PUSH, RunKind.REMOVAL)
UNFINISHED = (RunState.WAITING, RunState.APPLYING)
EVERYTHING_IS_QUEUED = "queued"


class _Stage(StrEnum):
    """What is queued together, one after the other.

    Who is referred to comes first: an account that is made before that of its manager is written twice. Everybody
    follows, managers too, because somebody may have become one in between; those who still wait are not queued again.
    """

    ORG_UNITS = "org_unit"
    MANAGERS = "manager"
    USERS = "user"
    GROUPS = "group"


_TYPES = {
    _Stage.ORG_UNITS: ObjectType.ORG_UNIT,
    _Stage.MANAGERS: ObjectType.USER,
    _Stage.USERS: ObjectType.USER,
    _Stage.GROUPS: ObjectType.GROUP,
}


@dataclass(frozen=True, slots=True)
class _Lease:
    run: Run
    fence: int


def work(worker: str) -> int:
    """Queue one more chunk of every run that has some left, close those that are done; return how many objects."""
    now = dialect().now()
    waiting = _unfinished().filter(_nobody_has_it(now)).values_list("pk", flat=True)
    queued = 0
    for run_id in list(waiting):
        queued += (found := _work_on(run_id, worker))
        if found >= LARGE:
            dialect().give_way()
    _close_settled_runs()
    return queued


def total(system: ConnectedSystem, kind: RunKind) -> int:
    """How many objects a run of this kind would queue now."""
    purged = Link.objects.filter(WITHOUT_ROW, system=system).exclude(state=LinkState.REMOVED)
    return sum(_objects(system, kind, object_type).count() for object_type in ObjectType) + purged.count()


def open_operations(system: ConnectedSystem) -> "QuerySet[Operation]":
    """What still has to happen on the system, by itself or by a person."""
    settled = (OperationState.DONE, OperationState.SUPERSEDED, OperationState.CANCELLED, OperationState.SKIPPED)
    return Operation.objects.filter(system=system).exclude(state__in=settled)


def _unfinished() -> "QuerySet[Run]":
    return Run.objects.filter(kind__in=KINDS, state__in=UNFINISHED).exclude(checkpoint=EVERYTHING_IS_QUEUED)


def _nobody_has_it(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


def _work_on(run_id: UUID, worker: str) -> int:
    lease = _take(run_id, worker)
    return _queue_chunk(lease) if lease else 0


@transaction.atomic
def _take(run_id: UUID, worker: str) -> _Lease | None:
    now = dialect().now()
    taken = (
        _unfinished()
        .filter(_nobody_has_it(now), pk=run_id)
        .update(
            state=RunState.APPLYING,
            lease_owner=worker,
            lease_until=now + timedelta(seconds=settings.PORTAL_LEASE_SECONDS),
            fence=F("fence") + 1,
        )
    )
    if not taken:
        return None
    Run.objects.filter(pk=run_id, started_at__isnull=True).update(started_at=now)
    run = Run.objects.select_related("system").get(pk=run_id)
    return _Lease(run, run.fence)


@transaction.atomic
def _queue_chunk(lease: _Lease) -> int:
    """Queue the next chunk and move the checkpoint, unless the lease was lost or the run was cancelled meanwhile."""
    run = lease.run
    stages = _stages(run.system)
    stage, after = _position(run.checkpoint, stages)
    ids = _next_ids(run, stage, after)
    # Most systems hold no org units, and those that are deleted keep their rows.
    passed_over = {_Stage.MANAGERS} if run.checkpoint else {_Stage.MANAGERS, _Stage.ORG_UNITS}
    while not ids and stage in passed_over:
        stage = stages[stages.index(stage) + 1]
        ids = _next_ids(run, stage, None)
    if ids:
        checkpoint = f"{stage}:{ids[-1]}"
    elif stage is stages[-1]:
        checkpoint = EVERYTHING_IS_QUEUED
    else:
        checkpoint = f"{stages[stages.index(stage) + 1]}:"
    held = Run.objects.filter(pk=run.pk, fence=lease.fence, state=RunState.APPLYING)
    if not held.update(checkpoint=checkpoint, lease_owner="", lease_until=None):
        return 0
    queued = _queue(run, _TYPES[stage], ids)
    if stage is not _Stage.MANAGERS:  # they are counted with everybody
        Run.objects.filter(pk=run.pk).update(processed=F("processed") + queued)
    return max(queued, 1)


def _stages(system: ConnectedSystem) -> tuple[_Stage, ...]:
    found: list[_Stage] = []
    for object_type in order_of(system):
        found += [_Stage.MANAGERS] if object_type is ObjectType.USER else []
        found.append(_Stage(object_type.value))
    return tuple(found)


def _position(checkpoint: str, stages: Sequence[_Stage]) -> tuple[_Stage, UUID | None]:
    stage, _, last = checkpoint.partition(":")
    return _Stage(stage or stages[0]), UUID(last) if last else None


def _next_ids(run: Run, stage: _Stage, after: UUID | None) -> Sequence[UUID]:
    objects = _objects(run.system, RunKind(run.kind), _TYPES[stage])
    if stage is _Stage.MANAGERS:
        reports = User.objects.get_queryset().filter(manager=OuterRef("pk"), deleted_at__isnull=True)
        objects = objects.filter(Exists(reports))
    if after is not None:
        objects = objects.filter(pk__gt=after)
    return list(objects.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _objects(system: Any, kind: RunKind, object_type: ObjectType) -> "QuerySet[Any]":
    """The objects a run is about: those with a link, and for a push those in scope as well."""
    linked = Link.objects.filter(system=system, object_id=OuterRef("pk")).exclude(state=LinkState.REMOVED)
    if kind is RunKind.REMOVAL:
        return rows_of(object_type).filter(Exists(linked))
    in_scope = Q(pk__in=scope.of_type(system, object_type).order_by().values("pk"))
    return rows_of(object_type).filter(Exists(linked) | in_scope)


def _queue(run: Run, object_type: ObjectType, ids: Sequence[UUID]) -> int:
    request = Request(
        system_id=run.system_id,
        object_type=object_type,
        lane=Lane.REMOVAL if run.kind == RunKind.REMOVAL else Lane.BULK,
        cause=f"{run.kind} by {run.actor_name}",
        correlation_id=run.correlation_id,
        run_id=run.pk,
        released=run.confirmed_removals,
    )
    if ids:
        return enqueue_selected(request, rows_of(object_type).filter(pk__in=ids))
    return enqueue_purged(request, Link.objects.exclude(state=LinkState.REMOVED))


def _close_settled_runs() -> None:
    """A push is done when nothing of it waits or is in flight any more."""
    moving = Operation.objects.filter(run=OuterRef("pk"), state__in=(OperationState.WAITING, OperationState.IN_FLIGHT))
    settled = Run.objects.filter(kind=RunKind.PUSH, state=RunState.APPLYING, checkpoint=EVERYTHING_IS_QUEUED)
    if settled.exists():  # first a look, because on SQLite an update that changes nothing keeps writers waiting too
        settled.filter(~Exists(moving)).update(state=RunState.DONE, finished_at=dialect().now())
