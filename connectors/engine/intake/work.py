"""Working off imports: stage and plan what came in, apply what a person released, and go on with what a killed
worker left.
"""

import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from connectors.engine.intake import files
from connectors.engine.intake.applying import apply
from connectors.engine.intake.lease import IN_WORK, INTAKES, LeaseLostError, claim_run, release, renew
from connectors.engine.intake.missing import many_missing
from connectors.engine.intake.planning import plan
from connectors.engine.intake.profiles.profile import Profile, load_profile
from connectors.engine.intake.staged import MAIN_PARTS
from connectors.engine.intake.staging import stage
from connectors.engine.intake.undo.applying import apply_undo
from connectors.engine.intake.undo.planning import plan_undo
from connectors.models import Run
from connectors.vocabulary import PLANNED_CHANGES, RowState, RunKind, RunState
from identities.actors import Actor
from identities.vocabulary import Channel

Counts = dict[str, dict[str, int]]

log = logging.getLogger(__name__)

NEED_FILES = (RunState.WAITING, RunState.STAGING)

DEATHS_ALLOWED = 10
"""So many workers in a row may vanish over an import that gets no further: it ends them, or our own database does."""

ENDS_ITS_WORKERS = (
    f"{DEATHS_ALLOWED} workers in a row vanished over it, and it got no further. A worker that is killed "
    "for using too much memory is the usual reason: look at its log, split the file, and import the parts."
)


def work(worker: str, limit: int = 1) -> int:
    """Take up to `limit` imports that have work to do and nobody works on, and bring each to its next stop.

    Returns how many.
    """
    forget_files()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    waiting = Run.objects.filter(free, kind__in=INTAKES, state__in=IN_WORK).order_by("created_at")
    done = 0
    for run_id in list(waiting.values_list("pk", flat=True)[:limit]):
        run = claim_run(run_id, worker)
        if run is not None:
            advance(run)
            done += 1
    return done


def forget_files() -> None:
    """Delete the files that nobody reads any more, however their import ended: those of a run that is not to be staged,
    and those of an upload that never became a run.
    """
    found = files.there()
    if not found:
        return
    states = dict(Run.objects.filter(pk__in=found).values_list("pk", "state"))
    files.forget(pk for pk, state in states.items() if state not in NEED_FILES)
    files.forget(pk for pk in found if pk not in states and files.is_abandoned(pk))


def advance(run: Run) -> None:
    """Bring a run this worker holds the lease of to its next stop: planned, done or failed.

    A plan that would change nothing is done: there is nothing for a person to look at.
    When our own database fails it stops where it is, and the next worker goes on when the lease has run out.
    """
    try:
        if run.worker_deaths >= DEATHS_ALLOWED:
            _fail(run, ENDS_ITS_WORKERS)
            return
        profile = _profile(run)
        if run.state != RunState.APPLYING:
            _stage_and_plan(run, profile)
        if run.state == RunState.APPLYING:
            _apply(run, profile)
    except LeaseLostError:
        log.info("Import %s was taken over or cancelled", run.pk)
    except Exception as error:
        log.exception("Import %s failed", run.pk)
        if isinstance(error, OperationalError | InterfaceError) and run.worker_deaths + 1 < DEATHS_ALLOWED:
            return
        _fail(run, f"{type(error).__name__}: {error}")


def _fail(run: Run, error: str) -> None:
    release(run, state=RunState.FAILED, error=error, finished_at=timezone.now())
    forget_files()


def _profile(run: Run) -> Profile:
    if run.profile is None:
        raise ValueError("The profile of this import was deleted.")
    return load_profile(run.profile)


def _stage_and_plan(run: Run, profile: Profile) -> None:
    counts = _undo_planned(run, profile) if run.kind == RunKind.UNDO else _import_planned(run, profile)
    blocked = run.findings.filter(blocking=True).exists()
    if run.apply_when_planned and not blocked and (run.confirmed_removals or not many_missing(run)):
        renew(run, progress=True, counts=counts, **begun_to_apply(run))
    else:
        nothing_to_apply = not blocked and _changes_nothing(counts)
        state = RunState.DONE if nothing_to_apply else RunState.PLANNED
        finished_at = timezone.now() if nothing_to_apply else None
        rows = run.rows if run.kind == RunKind.UNDO else run.rows.filter(part=MAIN_PARTS[profile.content])
        release(run, state=state, counts=counts, total=rows.count(), processed=0, finished_at=finished_at)
        run.state, run.counts = state, counts
    files.forget([run.pk])


def _import_planned(run: Run, profile: Profile) -> Counts:
    paths = files.kept(run.pk)
    if not paths:
        # To go on would be to say that nothing is to be changed.
        raise FileNotFoundError("The file is not here. The workers need the same data folder as the web server.")
    _begin(run, state=RunState.STAGING)
    stage(run, profile, paths)
    _begin(run, total=run.rows.count())
    return plan(run, profile)


def _undo_planned(run: Run, profile: Profile) -> Counts:
    total = run.undoes.rows.filter(state=RowState.APPLIED).count() if run.undoes else 0
    _begin(run, state=RunState.STAGING, total=total)
    return plan_undo(run, profile)


def _begin(run: Run, **columns: object) -> None:
    """Measure anew how far the work is and how fast it goes."""
    renew(run, **{"started_at": timezone.now(), "processed": 0, "total": 0, **columns})


def begun_to_apply(run: Run) -> dict[str, Any]:
    """The columns of a planned run whose applying begins: from here on its speed is measured, in rows to be changed."""
    total = run.rows.filter(state__in=PLANNED_CHANGES).count()
    return {"state": RunState.APPLYING, "started_at": timezone.now(), "total": total, "processed": 0}


def _changes_nothing(counts: Counts) -> bool:
    return not any(set(counted) - {RowState.UNCHANGED} for counted in counts.values())


def had_nothing_to_apply(run: Run) -> bool:
    """Whether a plan ended by itself, because everything is as the file says."""
    return run.kind in INTAKES and run.state == RunState.DONE and "applied" not in run.counts


def _apply(run: Run, profile: Profile) -> None:
    carry_out = apply_undo if run.kind == RunKind.UNDO else apply
    counts = {**run.counts, "applied": carry_out(run, profile, actor=actor_of(run, profile))}
    release(run, state=RunState.DONE, counts=counts, finished_at=timezone.now())
    run.state, run.counts = RunState.DONE, counts


def actor_of(run: Run, profile: Profile) -> Actor:
    """Who acts: whoever started the import, with the file as the origin of every value."""
    return Actor(
        profile.origin,
        Channel.IMPORT,
        run.actor_name,
        user_id=run.actor_id,
        correlation_id=run.correlation_id or run.pk.hex,
    )
