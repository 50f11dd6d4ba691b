"""How far the work on a run is, how fast it goes, and when it may be over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.engine.intake.lease import IN_WORK
from connectors.models import Run


@dataclass(frozen=True, slots=True)
class Progress:
    """`per_second` and `expected_end` are None while there is no work, or nothing to measure it by."""

    processed: int
    total: int
    per_second: float | None = None
    expected_end: datetime | None = None


def progress_of(run: Run, now: datetime) -> Progress:
    """The progress of a run as it stands at `now`."""
    if run.state not in IN_WORK or not run.started_at or not run.processed or now <= run.started_at:
        return Progress(run.processed, run.total)
    per_second = run.processed / (now - run.started_at).total_seconds()
    if not run.total:
        return Progress(run.processed, 0, per_second)
    left = max(run.total - run.processed, 0)
    return Progress(run.processed, run.total, per_second, now + timedelta(seconds=left / per_second))
