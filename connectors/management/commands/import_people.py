"""`manage.py import_people`: plan, and with --apply carry out, the import of a personnel file."""

import os
import socket
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.actions.imports import start_import
from connectors.engine.intake import advance, had_nothing_to_apply
from connectors.engine.intake.words import APPLIED, counts_in_words
from connectors.management.portal_command import WRONG_ARGUMENTS, PortalCommand
from connectors.models import Finding, ImportProfile, Run
from connectors.vocabulary import RunState
from identities.actors import command_actor

SHOWN_PROBLEMS = 50


class Command(PortalCommand):
    """Exit status: 0 planned or applied without a problem, 1 problems were found (nothing was changed), 2 wrong
    arguments.
    """

    help = (
        "Plan the import of a personnel file: what would be created, updated and left alone, and every problem by "
        "row and column. With --apply the plan is carried out, unless there are problems. The departments' file named "
        "by the profile is taken along when it lies beside the file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `--help`."""
        parser.add_argument(
            "file",
            nargs="+",
            type=Path,
            metavar="FILE",
            help="CSV, XLSX or JSON lines file of people (and of departments)",
        )
        parser.add_argument("--profile", default=HR_PROFILE, help="import profile (default: %(default)s)")
        parser.add_argument("--apply", action="store_true", help="carry the plan out")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import in this process; a run that is killed is gone on with by a worker."""
        actor = command_actor()
        try:
            with self.refusing():
                profile = profile_named(options["profile"], actor=actor)
                run = self._start(_with_departments(options["file"], profile), profile, options["apply"])
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=WRONG_ARGUMENTS) from error
        advance(run)
        run.refresh_from_db()
        self._print(run, as_json=options["json"])
        if run.state == RunState.FAILED or run.findings.filter(blocking=True).exists():
            raise SystemExit(1)

    def _start(self, paths: list[Path], profile: ImportProfile, apply: bool) -> Run:
        with ExitStack() as opened:
            sources = [(path.name, opened.enter_context(path.open("rb"))) for path in paths]
            worker = f"command:{socket.gethostname()}:{os.getpid()}"
            return start_import(sources, profile, actor=command_actor(), apply=apply, worker=worker)

    def _print(self, run: Run, *, as_json: bool) -> None:
        found, listed = run.findings.count(), list(run.findings.all()[:SHOWN_PROBLEMS])
        names = ("part", "row", "column", "value", "code", "message", "blocking")
        content = {
            "run": str(run.pk),
            "file": run.file_name,
            "state": run.state,
            "counts": run.counts,
            "error": run.error,
            "problem_count": found,
            "problems": [{name: getattr(each, name) for name in names} for each in listed],
        }
        self.show(content, _lines(run, listed, found), as_json=as_json)


def _lines(run: Run, listed: list[Finding], found: int) -> Iterator[str]:
    yield f"{run.file_name}: {run.state}"
    for part, counted in run.counts.items():
        yield f"  {part}: {', '.join(counts_in_words(counted, done=part == APPLIED)) or 'nothing'}"
    if had_nothing_to_apply(run):
        yield "  Everything is as the file says: there is nothing to apply."
    for finding in listed:
        places = (finding.part, f"row {finding.row}" if finding.row else "", finding.column)
        yield f"  {': '.join(filter(None, (', '.join(filter(None, places)), finding.message)))}"
    if found > len(listed):
        yield f"  and {found - len(listed)} more problems"
    if run.error:
        yield f"  {run.error}"


def _with_departments(paths: list[Path], profile: ImportProfile) -> list[Path]:
    """The files, and the profile's file of departments if it lies beside a single one."""
    beside = paths[0].with_name(profile.options.get("departments_file") or paths[0].name)
    return [*paths, beside] if len(paths) == 1 and beside != paths[0] and beside.is_file() else paths
