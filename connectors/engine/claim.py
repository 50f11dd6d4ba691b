"""What a worker holds while it converges one object, how it gets it, and how that can end.

A claim is a lease on one operation. It is committed before the first remote call, so that a worker that vanishes is
noticed; every write that follows is conditional on its fence, so that a worker that was given up cannot overwrite its
successor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from random import SystemRandom
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from connectors.engine import takeover
from connectors.engine.claiming import dialect
from connectors.engine.claiming.locked import Locked
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import BreakerState, Lane, OperationState, SystemState
from identities.models import Membership
from identities.queries.compiled import LIMIT_HOLE, Compiled, CompiledObjects, id_hole, moment_hole, number_hole
from identities.vocabulary import ObjectType

GROUP_PATIENCE = timedelta(seconds=4)
"""How long a group waits for members that are about to be linked, so that they are written in one go."""

_CALLED = (SystemState.RUNNING, SystemState.DELETING)
_CLAIMED = ("fence", "system", "object_type", "object_id", "lane", "attempt", "released", "run")
_SHUFFLE = SystemRandom().shuffle


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one operation.

    Attributes:
        fence: counts the claims of the operation; whoever finishes must name the one it got.
        attempt: which attempt this is, the first being 1.
        released: a person let this removal through the brake.
        lease_until: when another worker may take over, in the database's time.
    """

    operation_id: int
    fence: int
    worker: str
    system_id: UUID
    object_type: ObjectType
    object_id: UUID
    lane: Lane
    attempt: int
    released: bool
    run_id: UUID | None
    lease_until: datetime


class Ending(StrEnum):
    """How converging ended.

    done: nothing is left to do, or only references that will ring again. retry, throttled, misconfigured: the operation
    waits for the system. failed, disputed, held, defect: it waits for a person.
    """

    DONE = "done"
    RETRY = "retry"
    THROTTLED = "throttled"
    MISCONFIGURED = "misconfigured"
    FAILED = "failed"
    DISPUTED = "disputed"
    HELD = "held"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What converging one object came to; `finish` writes it down.

    Attributes:
        verdict: the decision's verdict. steps: its explanation. difference: what was written, or was to be written.
        error_class: the SPI error's class in lower case (`transient`, ...), or `defect`; empty without an error.
        retry_in: seconds until the next attempt (retry), or what the system asked for (throttled, None: nothing said).
        held_verdict: the removal that the brake stopped.
        dependents: objects to converge on the same system so that this one can go on; itself, when there is more to
            write.
        answered: whether the system answered a call meanwhile, which closes its breaker.
        calls: the calls it took, as they are stored.
    """

    ending: Ending
    verdict: str = ""
    steps: tuple[dict[str, Any], ...] = ()
    difference: dict[str, Any] = field(default_factory=dict)
    error_class: str = ""
    message: str = ""
    detail: str = ""
    retry_in: float | None = None
    held_verdict: str = ""
    dependents: tuple[tuple[ObjectType, UUID], ...] = ()
    answered: bool = True
    calls: tuple[dict[str, Any], ...] = ()


def claim_due(worker: str, limit: int, *, share: int | None = None, takes_over: bool = True) -> list[Claim]:
    """Lease up to `limit` operations that are due to `worker`, of as many systems as have some, and commit that.

    Args:
        worker: names the process; it is shown while it holds the lease.
        share: the most leases of one system that this worker may hold, so that a slow one leaves threads to the others;
            a system whose last call failed gets a single one.
        takes_over: whether to look first for leases that ran out.
    """
    if takes_over:
        takeover.take_over_expired()
    systems = _systems_with_due_work()
    claims: list[Claim] = []
    # Everyone gets a fair part first, then whoever still has work takes what is left.
    for part in (max(1, limit // max(1, len(systems))), limit):
        still_due = []
        for system_id, lanes in systems:
            wanted = min(part, limit - len(claims))
            if wanted > 0:
                claims += (taken := _claim_from(system_id, lanes, worker, wanted, share))
                still_due += [(system_id, lanes)] if len(taken) == wanted else []
        systems = still_due
    return claims


def still_held(claim: Claim) -> bool:
    """Whether the lease is still this claim's and has not run out; asked before every remote call."""
    return bool(_still_held().rows(operation=claim.operation_id, fence=claim.fence))


def held_operation(claim: Claim) -> tuple[Operation, datetime] | None:
    """The operation's row, locked until the transaction ends, and the database's time.

    None when the lease was given to another.
    """
    found = _held_operation().objects(operation=claim.operation_id, fence=claim.fence)
    return (found[0], found[0].now) if found else None


@cache
def _still_held() -> Compiled:
    holes = {"operation": number_hole(), "fence": number_hole()}
    held = _in_flight().filter(pk=holes["operation"], fence=holes["fence"], lease_until__gt=Now())
    return Compiled(held.order_by().values_list("pk"), holes)


@cache
def _held_operation() -> CompiledObjects:
    holes = {"operation": number_hole(), "fence": number_hole()}
    held = _in_flight().filter(pk=holes["operation"], fence=holes["fence"])
    return CompiledObjects(held.select_for_update().annotate(now=Now()).order_by(), holes)


def _in_flight() -> "QuerySet[Operation]":
    return Operation.objects.filter(state=OperationState.IN_FLIGHT)


def _gates_open() -> Q:
    """Systems that may be called: not paused, not broken, not asking to be left alone."""
    return Q(
        Q(throttled_until__isnull=True) | Q(throttled_until__lte=Now()),
        state__in=_CALLED,
        breaker=BreakerState.CLOSED,
    )


def _is_open(locked: Locked) -> bool:
    """The same, of a row that is at hand."""
    system = locked.system
    is_throttled = system.throttled_until is not None and system.throttled_until > locked.now
    return not is_throttled and system.state in _CALLED and system.breaker == BreakerState.CLOSED


def _systems_with_due_work() -> list[tuple[UUID, list[Lane]]]:
    """Systems to claim from, and from which lanes: those with removals first, then those with the fewest leases.

    Equals come in random order.
    """
    rows = _open_systems().rows()
    _SHUFFLE(rows)
    found = []
    for pk, now, leased, *firsts in rows:
        lanes = [lane for lane, due_at in zip(Lane, firsts, strict=True) if due_at is not None and due_at <= now]
        if lanes:
            found.append((lanes[0] is not Lane.REMOVAL, leased, pk, lanes))
    return [(pk, lanes) for _, _, pk, lanes in sorted(found, key=lambda each: each[:2])]


@cache
def _open_systems() -> Compiled:
    """Systems that may be called: id, the time, how many leases there are, when the first of each lane is due."""
    of_system = Q(system=OuterRef("pk"))
    # The first of each lane, straight from the index: a condition on the time would walk over all that wait their turn.
    waiting = Operation.objects.filter(of_system, state=OperationState.WAITING).order_by("due_at", "id")
    first = {f"first_{lane.name}": Subquery(waiting.filter(lane=lane).values("due_at")[:1]) for lane in Lane}
    leases = _in_flight().filter(of_system).order_by().values("system").annotate(count=Count("pk")).values("count")
    systems = ConnectedSystem.objects.filter(_gates_open()).order_by()
    columns: dict[str, Any] = {"now": Now(), "leases": Coalesce(Subquery(leases), 0), **first}
    return Compiled(systems.annotate(**columns).values_list("pk", *columns))


@transaction.atomic
def _claim_from(system_id: UUID, lanes: list[Lane], worker: str, wanted: int, share: int | None) -> list[Claim]:
    locked = dialect().lock_system(system_id)
    if locked is None or not _is_open(locked):
        return []
    system, now = locked.system, locked.now
    leased = _leases().rows(system=system_id)
    room = min(wanted, system.slots - len(leased))
    if share is not None:
        allowed = 1 if system.consecutive_failures else share
        room = min(room, allowed - sum(owner == worker for _, owner in leased))
    others = min(room, system.slots - 1 - sum(lane != Lane.REMOVAL for lane, _ in leased))
    lease_until = now + timedelta(seconds=settings.PORTAL_LEASE_SECONDS)
    seen = _see(system, lanes, now, room, others)
    return [_claim_of(each, worker, lease_until) for each in dialect().take(seen, worker, now, lease_until)]


def _see(system: ConnectedSystem, lanes: list[Lane], now: datetime, room: int, others: int) -> Sequence[Operation]:
    """Claimable rows, removals first: up to `room`, but no more than `others` that are no removals."""
    seen: list[Operation] = []
    for lane in lanes:
        free = room - len(seen)
        if lane != Lane.REMOVAL:
            removals = sum(operation.lane == Lane.REMOVAL for operation in seen)
            free = min(free, others - (len(seen) - removals))
        if free > 0:
            moments = {"now": now, "patient_until": now - GROUP_PATIENCE}
            seen += _claimable().objects(system=system.pk, lane=lane, limit=free, **moments)
    return seen


@cache
def _leases() -> Compiled:
    system = id_hole()
    leased = _in_flight().filter(system=system).order_by()
    return Compiled(leased.values_list("lane", "lease_owner"), {"system": system})


@cache
def _claimable() -> CompiledObjects:
    """Due rows of objects nobody works on. A group waits a moment for members that are about to be linked."""
    system, lane, now, patient_until = id_hole(), number_hole(), moment_hole(), moment_hole()
    same_object = Q(system=OuterRef("system"), object_type=OuterRef("object_type"), object_id=OuterRef("object_id"))
    members = Membership.objects.filter(group=OuterRef(OuterRef("object_id")))
    pending_members = Operation.objects.filter(
        system=OuterRef("system"),
        object_type=ObjectType.USER,
        object_id__in=members.values("user"),
        state__in=(OperationState.WAITING, OperationState.IN_FLIGHT),
        error_class="",
    )
    settled = Q(object_type=ObjectType.USER) | Q(created_at__lte=patient_until) | ~Exists(pending_members)
    due = Operation.objects.filter(state=OperationState.WAITING, system=system, lane=lane, due_at__lte=now)
    claimable = due.filter(~Exists(_in_flight().filter(same_object)), settled).order_by("due_at", "id")
    holes = {"system": system, "lane": lane, "now": now, "patient_until": patient_until}
    # How few are wanted decides how they are best found.
    return CompiledObjects(dialect().unheld(claimable.only(*_CLAIMED)[:LIMIT_HOLE]), holes, prepare=False)


def _claim_of(operation: Operation, worker: str, lease_until: datetime) -> Claim:
    return Claim(
        operation_id=operation.pk,
        fence=operation.fence + 1,
        worker=worker,
        system_id=operation.system_id,
        object_type=ObjectType(operation.object_type),
        object_id=operation.object_id,
        lane=Lane(operation.lane),
        attempt=operation.attempt + 1,
        released=operation.released,
        run_id=operation.run_id,
        lease_until=lease_until,
    )
