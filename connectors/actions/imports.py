"""Imports: started, applied, cancelled by a person. The work itself is the intake's (`connectors.engine.intake`)."""

import uuid
from collections.abc import Sequence
from typing import BinaryIO, Final

from django.db import transaction
from django.utils import timezone

from connectors.engine.intake import files
from connectors.engine.intake.lease import claim_run
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunKind, RunState
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import RuleViolation
from identities.vocabulary import Verb

REPLACED: Final = "A newer import of the same file took its place."
OPEN_STATES: Final = (RunState.WAITING, RunState.STAGING, RunState.PLANNED)


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
            file_name=", ".join(name for name, _source in sources)[:255],
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


def apply_import(run: Run, *, actor: Actor) -> Run:
    """Release a planned import to be applied.

    Raises:
        RuleViolation: it is not planned, or its files have problems that must be mended first.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state != RunState.PLANNED:
            raise RuleViolation("not_planned", f"This import is {run.state}, so there is no plan to apply.")
        if run.findings.filter(blocking=True).exists():
            raise RuleViolation("has_problems", "Mend the problems in the file, then import it again.")
        # From here on its speed is measured.
        run.state, run.started_at = RunState.APPLYING, timezone.now()
        run.save(update_fields=["state", "started_at"])
        audit.record(Verb.IMPORT_APPLIED, run, actor=actor, counts=run.counts)
        outbox.ring()
    return run


def cancel_import(run: Run, *, actor: Actor) -> Run:
    """Give up an import that has not been applied (raises RuleViolation otherwise)."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state not in OPEN_STATES:
            raise RuleViolation("not_open", f"This import is {run.state} and cannot be cancelled any more.")
        run.state = RunState.CANCELLED
        run.finished_at = timezone.now()
        run.save(update_fields=["state", "finished_at"])
        audit.record(Verb.IMPORT_CANCELLED, run, actor=actor)
    files.forget([run.pk])
    return run


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
