"""`manage.py imports`: imports and their undos, and what a person does about them."""

import os
import socket
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from connectors.actions.imports import apply_import, cancel_import, start_undo, undos_of
from connectors.engine.intake import advance
from connectors.engine.intake.lease import INTAKES
from connectors.engine.intake.words import APPLIED, ROW_WORDS, counts_in_words
from connectors.management.portal_command import WRONG_ARGUMENTS, PortalCommand
from connectors.models import Finding, Run, StagedRow
from connectors.vocabulary import RunState
from identities.actors import command_actor

LATEST = "latest"
_ACTIONS = ("list", "show", "apply", "cancel", "undo")


def run_id(text: str) -> str:
    """The id of a run, or `latest` (raises ArgumentTypeError)."""
    try:
        return text if text == LATEST else str(UUID(text))
    except ValueError:
        raise ArgumentTypeError(f"{text} is neither the id of an import nor {LATEST!r}") from None


class Command(PortalCommand):
    """Exit status: 0 done; 1 refused, or problems were found; 2 wrong arguments."""

    help = (
        "List imports and undos, newest first; show one with its rows and problems; apply, cancel or undo it. What "
        "is applied is carried out by the workers; the plan of an undo is made at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """[ACTION [RUN]] and what belongs to each."""
        parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", metavar="ACTION")
        parser.add_argument("run", nargs="?", type=run_id, metavar="RUN", help=f"id of an import, or {LATEST}")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="list at most so many runs or rows")
        parser.add_argument("--state", default="", metavar="STATE", help="show: only rows in this state")
        parser.add_argument(
            "--rows", type=int, nargs="+", metavar="ID", help="apply: only these rows, by the id that show prints"
        )
        parser.add_argument(
            "--confirm-missing", type=int, metavar="N", help="apply: yes, disable so many people missing from the file"
        )
        parser.add_argument("--apply", action="store_true", help="undo: carry the plan out")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked, then show the run."""
        intakes = Run.objects.filter(kind__in=INTAKES).select_related("profile").order_by("-created_at")
        if options["action"] == "list":
            listed = list(intakes[: max(options["limit"], 0)])
            undos = undos_of(listed)
            content = {"total": intakes.count(), "imports": [content_of(each, undos.get(each.pk)) for each in listed]}
            lines = (line_of(each, undos.get(each.pk)) for each in listed)
            self.show(content, lines, as_json=options["json"])
            return
        if options["run"] is None:
            raise CommandError(f"Name the import by its id, or {LATEST}.", returncode=WRONG_ARGUMENTS)
        run = (intakes if options["run"] == LATEST else intakes.filter(pk=options["run"])).first()
        if run is None:
            raise CommandError("There is no such import.", returncode=WRONG_ARGUMENTS)
        with self.refusing():
            run = _done(run, options)
        self._show(run, options)

    def _show(self, run: Run, options: dict[str, Any]) -> None:
        rows = run.rows.order_by("part", "number")
        if options["state"]:
            rows = rows.filter(state=options["state"])
        listed, problems = list(rows[: max(options["limit"], 0)]), list(run.findings.all())
        undo = undos_of([run]).get(run.pk)
        content = {
            **content_of(run, undo),
            "row_count": rows.count(),
            "rows": [_row_content(row) for row in listed],
            "problems": [_problem_content(each) for each in problems],
        }
        self.show(content, _lines(run, undo, listed, problems), as_json=options["json"])
        if run.state == RunState.FAILED:
            raise SystemExit(1)


def _done(run: Run, options: dict[str, Any]) -> Run:
    actor = command_actor()
    if options["action"] == "apply":
        return apply_import(run, actor=actor, rows=options["rows"], confirm_missing=options["confirm_missing"])
    if options["action"] == "cancel":
        return cancel_import(run, actor=actor)
    if options["action"] == "undo":
        worker = f"command:{socket.gethostname()}:{os.getpid()}"
        run = start_undo(run, actor=actor, apply=options["apply"], worker=worker)
        advance(run)
        run.refresh_from_db()
    return run


def content_of(run: Run, undo: Run | None) -> dict[str, Any]:
    """An import or undo as JSON."""
    return {
        "run": str(run.pk),
        "kind": run.kind,
        "file": run.file_name,
        "profile": run.profile.name if run.profile else None,
        "state": run.state,
        "counts": run.counts,
        "error": run.error,
        "started_by": run.actor_name,
        "created": run.created_at.isoformat(),
        "undoes": str(run.undoes_id) if run.undoes_id else None,
        "undone_by": str(undo.pk) if undo else None,
    }


def line_of(run: Run, undo: Run | None) -> str:
    """The same in a line."""
    undone = f", undone by {undo.pk} ({undo.state})" if undo else ""
    return f"{run.pk} {run.created_at:%Y-%m-%d %H:%M} {run.kind} {run.file_name}: {run.state}{undone}"


def _row_content(row: StagedRow) -> dict[str, Any]:
    names = ("part", "key", "state", "planned", "difference")
    return {"id": row.pk, "row": row.number, **{name: getattr(row, name) for name in names}}


def _problem_content(finding: Finding) -> dict[str, Any]:
    names = ("part", "row", "column", "value", "code", "message", "blocking")
    return {name: getattr(finding, name) for name in names}


def _lines(run: Run, undo: Run | None, rows: Iterable[StagedRow], problems: Iterable[Finding]) -> Iterator[str]:
    yield line_of(run, undo)
    for part, counted in run.counts.items():
        yield f"  {part}: {', '.join(counts_in_words(counted, done=part == APPLIED)) or 'nothing'}"
    for row in rows:
        changes = "; ".join(f"{name}: {old} -> {new}" for name, (old, new) in row.difference.items())
        state = ROW_WORDS.get(row.state, row.state)
        yield f"  {row.pk:>8} {row.part} row {row.number} {row.key}: {state} {changes}".rstrip()
    for finding in problems:
        yield f"  {finding.message}"
    if run.error:
        yield f"  {run.error}"
