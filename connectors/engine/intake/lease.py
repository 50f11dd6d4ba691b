"""Who works on a run: a lease like an operation's, renewed with every chunk, so that a killed worker's run is
taken up by the next one.

Workers that vanish are counted until the run gets any further: what only begins anew each time is no progress.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Case, F, PositiveSmallIntegerField, Q, When
from django.db.models.functions import Now

from connectors.models import Run
from connectors.vocabulary import RunKind, RunState

INTAKES = (RunKind.IMPORT, RunKind.UNDO)
IN_WORK = (RunState.WAITING, RunState.STAGING, RunState.APPLYING)


class LeaseLostError(Exception):
    """Another worker took the run over, or a person cancelled it: whatever is not committed must not be."""


def claim_run(run_id: UUID, worker: str) -> Run | None:
    """Take the lease of an import that has work to do and that nobody holds; None if it is not to be had."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    taken_over = Case(When(lease_until__isnull=False, then=1), default=0, output_field=PositiveSmallIntegerField())
    claimed = Run.objects.filter(free, pk=run_id, kind__in=INTAKES, state__in=IN_WORK).update(
        lease_owner=worker,
        lease_until=Now() + _term(),
        fence=F("fence") + 1,
        worker_deaths=F("worker_deaths") + taken_over,
    )
    return Run.objects.select_related("profile", "undoes").get(pk=run_id) if claimed else None


def renew(run: Run, *, progress: bool = False, **columns: object) -> None:
    """Write `columns` and move the end of the lease (raises LeaseLostError).

    Called inside the transaction of the chunk it accounts for.

    Args:
        progress: what was done will not have to be done again by whoever takes over.
    """
    if progress:
        columns["worker_deaths"] = 0
    written = Run.objects.filter(pk=run.pk, fence=run.fence, state__in=IN_WORK).update(
        lease_until=Now() + _term(), **columns
    )
    if not written:
        raise LeaseLostError
    for name, value in columns.items():
        setattr(run, name, value)


def release(run: Run, **columns: object) -> None:
    """Write `columns` and give the lease back, unless it is lost already."""
    Run.objects.filter(pk=run.pk, fence=run.fence, state__in=IN_WORK).update(
        lease_owner="", lease_until=None, worker_deaths=0, **columns
    )


def _term() -> timedelta:
    return timedelta(seconds=settings.PORTAL_LEASE_SECONDS)
