"""How many operations ended when, and how they ended: counted by the database, in one statement on its index.

The beginning of a moment's text ("2026-01-05 12") is the hour, or the minute, it lies in: in UTC on both databases,
because that is how SQLite stores moments and what Django's PostgreSQL sessions speak.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Count, QuerySet, TextField
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import OperationState

ENDED: Final = (OperationState.DONE, OperationState.FAILED, OperationState.DISPUTED, OperationState.HELD)
FAILED: Final = (OperationState.FAILED, OperationState.DISPUTED)
HOUR: Final = timedelta(hours=1)
_TO_THE_TENTH, _TO_THE_MINUTE = len("2026-01-05 12:3"), len("2026-01-05 12:34")


@dataclass(slots=True)
class Period:
    """What ended from `start` up to, and without, `end`; `ended` counts by state."""

    start: datetime
    end: datetime
    ended: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        """How many are done."""
        return self.ended[OperationState.DONE]

    @property
    def failed(self) -> int:
        """How many were refused or disputed, and still are."""
        return sum(self.ended[state] for state in FAILED)

    @property
    def held(self) -> int:
        """How many the brake stopped, and still holds."""
        return self.ended[OperationState.HELD]


def by_hour(now: datetime, hours: int = 24) -> list[Period]:
    """The last hours of all systems up to the present one, each a full hour of the portal's time zone."""
    this_hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    starts = [this_hour - HOUR * back for back in range(hours - 1, -1, -1)]
    return _counted(Operation.objects.all(), [Period(start, start + HOUR) for start in starts], _TO_THE_TENTH)


def by_day(now: datetime, days: int = 14) -> list[Period]:
    """The last days of all systems up to the present one, in the portal's time zone."""
    today = timezone.localtime(now).date()
    starts = [_midnight(today - timedelta(days=back)) for back in range(days - 1, -2, -1)]
    return _counted(Operation.objects.all(), [Period(start, end) for start, end in pairwise(starts)], _TO_THE_TENTH)


def by_minute(system: ConnectedSystem, now: datetime, minutes: int = 60) -> list[Period]:
    """The last minutes up to the present one, of one system."""
    minute = timedelta(minutes=1)
    this_minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    starts = [this_minute - minute * back for back in range(minutes - 1, -1, -1)]
    # With the states named, the index on system, state and time has all that is read.
    ended = Operation.objects.filter(system=system, state__in=ENDED)
    return _counted(ended, [Period(start, start + minute) for start in starts], _TO_THE_MINUTE)


def _midnight(date: object) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(f"{date}T00:00:00"))


def _counted(operations: "QuerySet[Operation]", periods: Sequence[Period], length: int) -> list[Period]:
    """The periods with what ended in them."""
    ended = operations.filter(finished_at__gte=periods[0].start, finished_at__lt=periods[-1].end)
    begins = Substr(Cast("finished_at", TextField()), 1, length)
    rows = ended.order_by().values("state").annotate(begins=begins, number=Count("pk"))
    at = 0
    for row in sorted(rows, key=lambda each: each["begins"]):
        moment = _moment(row["begins"])
        while at < len(periods) - 1 and moment >= periods[at].end:
            at += 1
        periods[at].ended[row["state"]] += row["number"]
    return list(periods)


def _moment(begins: str) -> datetime:
    """The moment of which this is the beginning."""
    return datetime.fromisoformat(begins + "0000-01-01 00:00"[len(begins) :]).replace(tzinfo=UTC)
