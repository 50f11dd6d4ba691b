"""Imports: started, applied, cancelled by a person. The work itself is the intake's (`connectors.engine.intake`)."""

import uuid
from collections.abc import Collection, Sequence
from typing import BinaryIO, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from connectors.engine.intake import files
from connectors.engine.intake.choosing import choose_rows
from connectors.engine.intake.lease import INTAKES, claim_run
from connectors.engine.intake.missing import many_missing, missing_in_words
from connectors.engine.intake.staged import MAIN_PARTS, applied_counts, skip_rows
from connectors.engine.intake.work import NEED_FILES, begun_to_apply
from connectors.models import ImportProfile, Run, StagedRow
from connectors.vocabulary import ImportContent, RowState, RunKind, RunState
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import RuleViolation
from identities.vocabulary import Verb

REPLACED: Final = "A newer import of the same file took its place."
_GIVEN_UP: Final = (RunState.CANCELLED, RunState.FAILED)
OPEN_STATES: Final = (RunState.WAITING, RunState.STAGING, RunState.PLANNED, RunState.APPLYING)


def start_import(
    sources: Sequence[tuple[str, BinaryIO]],
    profile: ImportProfile,
    *,
    actor: Actor,
    apply: bool = False,
    worker: str = "",
) -> Run:
    """Keep the files and queue their import. It is staged and planned; applied only with `apply`, and only if
    nothing is wrong. Older plans of files with the same names are given up: applied later, they would bring back what
    the newer ones have changed.

    Args:
        sources: name and open binary file of the people's file and, if there is one, the departments'.
        worker: whoever works on the run at once, in this process, instead of leaving it to the next worker.

    Raises:
        RuleViolation: no file, or one that is too large.
    """
    if not sources:
        raise RuleViolation("no_file", "Choose a file to import.", field="file")
    run_id = uuid.uuid4()
    try:
        for number, (_name, source) in enumerate(sources):
            files.keep(run_id, number, source)
    except files.FileTooLargeError:
        files.forget([run_id])
        limit = files.MAX_FILE_BYTES // (1024 * 1024)
        raise RuleViolation("file_too_large", f"The file is larger than {limit} MB.", field="file") from None
    with transaction.atomic():
        run = Run.objects.create(
            pk=run_id,
            kind=RunKind.IMPORT,
            profile=profile,
            file_name=", ".join(files.shown_name(name) for name, _source in sources)[:255],
            apply_when_planned=apply,
            origin=actor.origin,
            actor_name=actor.name,
            actor_id=actor.user_id,
            correlation_id=actor.correlation_id,
            created_at=timezone.now(),
        )
        audit.record(Verb.IMPORT_STARTED, run, actor=actor, profile=profile.name, apply=apply)
        claimed = claim_run(run.pk, worker) if worker else None
        replaced = _give_up_older_plans(run, actor)
        outbox.ring()
    files.forget(replaced)
    return claimed or run


def apply_import(
    run: Run, *, actor: Actor, rows: Collection[int] | None = None, confirm_missing: int | None = None
) -> Run:
    """Release a planned import, or undo, to be applied.

    Args:
        rows: ids of the staged rows to apply, if not all; the others are skipped. The departments, and their groups,
            that chosen people are put into are made with them.
        confirm_missing: how many missing people are disabled, as a person has read it, where they are more than the
            profile allows.

    Raises:
        RuleViolation: it is not planned (`not_planned`), its files have problems that must be mended first
            (`has_problems`), no chosen row is part of the plan (`nothing_chosen`), or the number of missing people is
            not confirmed (`confirm_missing`, with `missing`).
    """
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("profile").get(pk=run.pk)
        if run.kind not in INTAKES or run.state != RunState.PLANNED:
            raise RuleViolation("not_planned", f"This import is {run.state}, so there is no plan to apply.")
        if run.findings.filter(blocking=True).exists():
            raise RuleViolation("has_problems", "Mend the problems in the file, then import it again.")
        if rows is not None:
            choose_rows(run, rows)
        run.confirmed_removals = _missing_confirmed(run, confirm_missing)
        begun = begun_to_apply(run)
        for name, value in begun.items():
            setattr(run, name, value)
        run.save(update_fields=[*begun, "confirmed_removals"])
        chosen = {} if rows is None else {"rows": len(rows)}
        audit.record(Verb.IMPORT_APPLIED, run, actor=actor, counts=run.counts, **chosen)
        outbox.ring()
    return run


def _missing_confirmed(run: Run, confirmed: int | None) -> bool:
    """Whether somebody confirmed how many are missing (raises RuleViolation where somebody has to and did not)."""
    number = many_missing(run)
    if not number:
        return False
    if confirmed != number:
        message = f"{missing_in_words(run, number)}. Confirm this number to apply the import."
        raise RuleViolation("confirm_missing", message, field="confirm_missing", missing=number)
    return True


def cancel_import(run: Run, *, actor: Actor) -> Run:
    """Give up an import or an undo. What is applied already stays; the rest is skipped. What was read or planned in
    part alone is dropped: it would say what nobody looked at to the end.

    Raises:
        RuleViolation: it is over.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("profile").get(pk=run.pk)
        if run.kind not in INTAKES or run.state not in OPEN_STATES:
            raise RuleViolation("not_open", f"This import is {run.state} and cannot be cancelled any more.")
        if run.state in NEED_FILES:
            run.rows.all().delete()
            run.findings.all().delete()
            run.processed = run.total = 0
        if run.state == RunState.APPLYING:
            # A worker that is at it writes this row with each chunk: its next one finds the run cancelled.
            skip_rows(run)
            content = ImportContent(run.profile.content) if run.profile else ImportContent.PEOPLE
            run.counts = {**run.counts, "applied": applied_counts(run, MAIN_PARTS[content])}
        run.state = RunState.CANCELLED
        run.finished_at, run.lease_owner, run.lease_until = timezone.now(), "", None
        run.save(update_fields=["state", "finished_at", "counts", "processed", "total", "lease_owner", "lease_until"])
        audit.record(Verb.IMPORT_CANCELLED, run, actor=actor, applied=run.counts.get("applied", {}))
    files.forget([run.pk])
    return run


def start_undo(run: Run, *, actor: Actor, apply: bool = False, worker: str = "") -> Run:
    """Queue the undo of an import: a plan of inverse changes, where the values are still what the import wrote.

    Args:
        apply: carry the plan out as soon as it is made.
        worker: whoever works on it at once, in this process.

    Raises:
        RuleViolation: it is no import that applied anything and is over (`nothing_to_undo`), it was undone or is being
            undone (`undone_already`; one that was given up can be begun anew, and does the rest), or its profile was
            deleted (`profile_deleted`).
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if not _has_applied(run):
            raise RuleViolation("nothing_to_undo", f"This {run.kind} is {run.state} and has applied nothing to undo.")
        if is_undone(run):
            raise RuleViolation("undone_already", "This import was undone, or its undo waits to be applied.")
        if run.profile_id is None:
            raise RuleViolation("profile_deleted", "The profile of this import was deleted: its values are nobody's.")
        undo = Run.objects.create(
            kind=RunKind.UNDO,
            undoes=run,
            profile_id=run.profile_id,
            file_name=run.file_name,
            apply_when_planned=apply,
            origin=actor.origin,
            actor_name=actor.name,
            actor_id=actor.user_id,
            correlation_id=actor.correlation_id,
            created_at=timezone.now(),
        )
        audit.record(Verb.IMPORT_UNDO_STARTED, undo, actor=actor, undoes=str(run.pk), apply=apply)
        claimed = claim_run(undo.pk, worker) if worker else None
        outbox.ring()
    return claimed or undo


def can_be_undone(run: Run) -> bool:
    """Whether there is something to undo, and nobody has begun to."""
    return _has_applied(run) and run.profile_id is not None and not is_undone(run)


def is_undone(run: Run) -> bool:
    """Whether an undo went to its end, or may still."""
    return Run.objects.filter(undoes=run, kind=RunKind.UNDO).exclude(state__in=_GIVEN_UP).exists()


def _has_applied(run: Run) -> bool:
    """Whether this is an import that is over and changed something."""
    over = run.kind == RunKind.IMPORT and run.state in (RunState.DONE, RunState.CANCELLED, RunState.FAILED)
    return over and run.rows.filter(state=RowState.APPLIED).exists()


def undo_of(run: Run) -> Run | None:
    """The run that undid an import, or is about to."""
    return undos_of([run]).get(run.pk)


def undos_of(runs: Collection[Run]) -> dict[uuid.UUID, Run]:
    """The same for many, in one statement, by the id of the import. An undo that was given up before it applied
    anything is none.
    """
    applied = Exists(StagedRow.objects.filter(run=OuterRef("pk"), state=RowState.APPLIED))
    undos = Run.objects.filter(Q(applied) | ~Q(state__in=_GIVEN_UP), undoes__in=runs, kind=RunKind.UNDO)
    return {undo.undoes_id: undo for undo in undos.order_by("-created_at") if undo.undoes_id}


def _give_up_older_plans(run: Run, actor: Actor) -> list[uuid.UUID]:
    older = Run.objects.select_for_update().filter(
        kind=RunKind.IMPORT, profile=run.profile, file_name=run.file_name, state=RunState.PLANNED
    )
    replaced = list(older)
    for each in replaced:
        each.state, each.finished_at, each.error = RunState.CANCELLED, timezone.now(), REPLACED
        each.save(update_fields=["state", "finished_at", "error"])
        audit.record(Verb.IMPORT_CANCELLED, each, actor=actor, replaced_by=str(run.pk))
    return [each.pk for each in replaced]
