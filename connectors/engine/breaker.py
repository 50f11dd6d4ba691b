"""The breaker of a connected system, and its throttle: when it is not to be called at all.

Pure: a breaker is a value, every event makes the next one. Where it is kept and locked is the caller's business.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.vocabulary import BreakerState

FAILURES_TO_OPEN = 5
MISCONFIGURED_FACTOR = 4
"""So many times longer than an unreachable system one that refuses us is left alone: the reason seldom passes."""
LONGEST_OPEN_SECONDS = 15 * 60
LONGEST_THROTTLE_SECONDS = 60 * 60
DEFAULT_THROTTLE_SECONDS = 30
THROTTLE_JITTER = 0.1
_LARGEST_EXPONENT = 16


class Gate(StrEnum):
    """What may be done with a system now: everything, nothing, or the one read that finds out whether it is back."""

    CALL = "call"
    PROBE = "probe"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a system has fared.

    Attributes:
        consecutive_failures: failures that say something about the system, since its last success.
        openings: how often it opened since its last success.
        probe_at: open: when to probe. half-open: when the probe counts as lost, because its worker vanished.
        misconfigured: it opened because an administrator has to mend something.
    """

    state: BreakerState = BreakerState.CLOSED
    consecutive_failures: int = 0
    openings: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    misconfigured: bool = False


def gate(breaker: Breaker, now: datetime) -> Gate:
    """What may be done now. Whoever is told PROBE stores `probing` before calling, so that there is one probe."""
    if breaker.state is BreakerState.CLOSED:
        return Gate.CALL
    if breaker.probe_at is None or now >= breaker.probe_at:
        return Gate.PROBE
    return Gate.WAIT


def probing(breaker: Breaker, now: datetime, *, probe_seconds: float) -> Breaker:
    """A probe starts; it counts as lost after `probe_seconds`, and another may be made."""
    return replace(breaker, state=BreakerState.HALF_OPEN, probe_at=now + timedelta(seconds=probe_seconds))


def succeeded(breaker: Breaker) -> Breaker:
    """A call was answered: the system is back, everything that was held against it is forgotten."""
    return Breaker()


def failed(breaker: Breaker, now: datetime, *, open_seconds: float, misconfigured: bool = False) -> Breaker:
    """A call failed for a reason that lies with the system.

    Args:
        open_seconds: how long it stays open before a probe finds out whether the system is back; the same every time,
            however long the outage, so that what waits goes out soon after its end. After a misconfiguration it starts
            at four times that and doubles with every opening in a row, up to fifteen minutes, so that a wrong password
            is not tried often enough to lock the account.
        misconfigured: opens at once; anything else opens after five failures in a row, or when it was the probe.
    """
    failures = breaker.consecutive_failures + 1
    counted = replace(breaker, consecutive_failures=failures)
    opens = misconfigured or breaker.state is BreakerState.HALF_OPEN or failures >= FAILURES_TO_OPEN
    if not opens:
        return counted
    if breaker.state is BreakerState.OPEN and not misconfigured:
        return counted  # a call that was under way when it opened: it tells nothing new
    wait = _longer_each_time(breaker.openings, open_seconds) if misconfigured else open_seconds
    return replace(
        counted,
        state=BreakerState.OPEN,
        openings=breaker.openings + 1,
        opened_at=breaker.opened_at or now,
        probe_at=now + timedelta(seconds=wait),
        misconfigured=misconfigured,
    )


def _longer_each_time(openings: int, open_seconds: float) -> float:
    seconds: float = open_seconds * MISCONFIGURED_FACTOR * 2 ** min(openings, _LARGEST_EXPONENT)
    return min(LONGEST_OPEN_SECONDS, seconds)


def throttle_seconds(retry_after: float | None, count: int, *, random: Callable[[], float]) -> float:
    """How long a whole system is left alone after it said "too many requests".

    Args:
        retry_after: what it asked for; a time that has passed counts as none, None (or no number) as "it did not say":
            thirty seconds, doubled each time.
        count: how often in a row it throttled before.
        random: a number from 0 to 1; up to a tenth is added, so that workers do not return together.

    Returns:
        Seconds, at most one hour.
    """
    if retry_after is None or math.isnan(retry_after):
        seconds = DEFAULT_THROTTLE_SECONDS * 2.0 ** min(count, _LARGEST_EXPONENT)
    else:
        seconds = max(0.0, retry_after)
    return min(LONGEST_THROTTLE_SECONDS, seconds * (1 + THROTTLE_JITTER * random()))
