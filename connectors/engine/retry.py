"""When an operation that failed for a passing reason is tried again, and for how long.

Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog) for a day, then
ever more seldom for four weeks, the horizon after which Entra gives up too.
"""

from collections.abc import Callable
from datetime import timedelta

LONGEST_BACK_OFF_SECONDS = 15 * 60
HOUR_SECONDS = 60 * 60
DAY_SECONDS = 24 * HOUR_SECONDS
BACK_OFF_FOR = timedelta(days=1)
HOURLY_UNTIL = timedelta(days=7)
DAILY_UNTIL = timedelta(days=28)
_LARGEST_EXPONENT = 32


def delay(attempt: int, age: timedelta, *, base: float, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt, or None when there is none: the operation then waits for a person.

    Args:
        attempt: how many attempts were made.
        age: how long the change has been waiting.
        base: seconds the back-off starts from.
        random: a number from 0 to 1; spreads the attempts of many objects, so that a system that returns is not run
            over.
    """
    if age < BACK_OFF_FOR:
        longest: float = min(LONGEST_BACK_OFF_SECONDS, base * 2 ** min(attempt, _LARGEST_EXPONENT))
        return longest * random()
    if age < HOURLY_UNTIL:
        return HOUR_SECONDS * (0.9 + 0.2 * random())
    if age < DAILY_UNTIL:
        return DAY_SECONDS * (0.9 + 0.2 * random())
    return None
