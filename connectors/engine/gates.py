"""The gates of a connected system as they stand on its row: breaker, throttle, and what an administrator is told.

The rules are in `breaker`; here they are read, written under the system's lock, and their consequences drawn.
"""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from connectors.engine import breaker
from connectors.engine.breaker import Breaker, Gate
from connectors.engine.claim import Ending, Outcome
from connectors.engine.claiming import dialect
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import BreakerState, OperationState, SystemState

CALLED = (SystemState.RUNNING, SystemState.DELETING)
"""States in which a system is called at all."""

FAULTS_OF_THE_SYSTEM = frozenset({"transient", "ambiguous"})
"""Error classes that say something about the system, not about the object."""

MISCONFIGURED = "misconfigured"
THROTTLED = "throttled"
_SUCCESS_IS_NEWS_AFTER = timedelta(seconds=10)
_SPREAD = random.SystemRandom()


def note(system: ConnectedSystem, outcome: Outcome, now: datetime) -> None:
    """Write what an outcome says about its system. The caller holds the system's lock.

    An answer closes the breaker and makes due at once what waited for the system to come back; failures count towards
    opening it; a misconfiguration opens it; "too many requests" shuts the throttle gate.
    """
    if outcome.ending is Ending.THROTTLED:
        _throttle(system, outcome, now)
    elif outcome.ending is Ending.MISCONFIGURED or outcome.error_class in FAULTS_OF_THE_SYSTEM:
        _failed(system, outcome, now)
    elif outcome.ending not in (Ending.RETRY, Ending.DEFECT) and outcome.answered:
        _answered(system, now)


def reset(system: ConnectedSystem) -> None:
    """Forget what was held against the system, because its configuration changed or a person says so.

    What waited for it to come back is due at once.
    """
    told = {"breaker_reason": "", "breaker_error": "", "throttled_until": None, "throttle_count": 0}
    _write(system, **_columns(Breaker()), **told)
    _make_due(system, dialect().now())


@transaction.atomic
def start_probe(system_id: UUID) -> datetime | None:
    """Take the one probe of a system whose breaker is open; return its mark, None when none is due or it is taken."""
    locked = dialect().lock_system(system_id)
    if locked is None or locked.system.state not in CALLED or _is_throttled(locked.system, locked.now):
        return None
    system, now = locked.system, locked.now
    if breaker.gate(_breaker(system), now) is not Gate.PROBE:
        return None
    probing = breaker.probing(_breaker(system), now, probe_seconds=settings.PORTAL_LEASE_SECONDS)
    _write(system, **_columns(probing))
    return probing.probe_at


@transaction.atomic
def finish_probe(system_id: UUID, mark: datetime, outcome: Outcome) -> bool:
    """Write how the probe with this mark ended; False when it had been given up, and another one counts."""
    locked = dialect().lock_system(system_id)
    if locked is None or locked.system.breaker != BreakerState.HALF_OPEN or locked.system.breaker_probe_at != mark:
        return False
    note(locked.system, outcome, locked.now)
    return True


def probes_due() -> list[UUID]:
    """Systems whose breaker asks for a probe now."""
    now = dialect().now()
    quiet = Q(throttled_until__isnull=True) | Q(throttled_until__lte=now)
    due = Q(breaker_probe_at__isnull=True) | Q(breaker_probe_at__lte=now)
    systems = ConnectedSystem.objects.filter(quiet, due, state__in=CALLED).exclude(breaker=BreakerState.CLOSED)
    return list(systems.values_list("pk", flat=True))


def _answered(system: ConnectedSystem, now: datetime) -> None:
    was_open = system.breaker != BreakerState.CLOSED
    spotless = not (was_open or system.consecutive_failures or system.throttle_count)
    if spotless and system.last_success_at and now - system.last_success_at < _SUCCESS_IS_NEWS_AFTER:
        return  # a busy system's row is not rewritten for every object
    _write(
        system,
        **_columns(breaker.succeeded(_breaker(system))),
        breaker_reason="",
        breaker_error="",
        throttle_count=0,
        last_success_at=now,
    )
    if was_open:
        _make_due(system, now)


def _make_due(system: ConnectedSystem, now: datetime) -> None:
    waiting = Operation.objects.filter(system=system, state=OperationState.WAITING, due_at__gt=now)
    waiting.filter(error_class__in=(*FAULTS_OF_THE_SYSTEM, MISCONFIGURED, THROTTLED)).update(due_at=now)


def _failed(system: ConnectedSystem, outcome: Outcome, now: datetime) -> None:
    misconfigured = outcome.ending is Ending.MISCONFIGURED
    after = breaker.failed(
        _breaker(system), now, open_seconds=settings.PORTAL_BREAKER_OPEN_SECONDS, misconfigured=misconfigured
    )
    told: dict[str, Any] = {}
    if after.state is not BreakerState.CLOSED:
        told = {"breaker_reason": outcome.message, "breaker_error": outcome.error_class or MISCONFIGURED}
    _write(system, **_columns(after), **told)


def _throttle(system: ConnectedSystem, outcome: Outcome, now: datetime) -> None:
    seconds = breaker.throttle_seconds(outcome.retry_in, system.throttle_count, random=_SPREAD.random)
    until = now + timedelta(seconds=seconds)
    if system.throttled_until and system.throttled_until > until:
        until = system.throttled_until
    columns: dict[str, Any] = {"throttled_until": until, "throttle_count": system.throttle_count + 1}
    if system.breaker == BreakerState.HALF_OPEN:
        # The probe was answered, though with "not now": it is repeated when the gate opens.
        columns |= {"breaker": BreakerState.OPEN, "breaker_probe_at": until}
    _write(system, **columns)


def _is_throttled(system: ConnectedSystem, now: datetime) -> bool:
    return system.throttled_until is not None and system.throttled_until > now


def _breaker(system: ConnectedSystem) -> Breaker:
    return Breaker(
        state=BreakerState(system.breaker),
        consecutive_failures=system.consecutive_failures,
        openings=system.breaker_openings,
        opened_at=system.breaker_opened_at,
        probe_at=system.breaker_probe_at,
        misconfigured=system.breaker_error == MISCONFIGURED,
    )


def _columns(after: Breaker) -> dict[str, Any]:
    return {
        "breaker": after.state,
        "consecutive_failures": after.consecutive_failures,
        "breaker_openings": after.openings,
        "breaker_opened_at": after.opened_at,
        "breaker_probe_at": after.probe_at,
    }


def _write(system: ConnectedSystem, **columns: Any) -> None:
    ConnectedSystem.objects.filter(pk=system.pk).update(**columns)
    for column, value in columns.items():
        setattr(system, column, value)
