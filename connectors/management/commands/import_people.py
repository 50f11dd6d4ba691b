"""`manage.py import_people`: plan, and with --apply carry out, the import of a personnel file."""

import json
import os
import socket
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.actions.imports import HR_PROFILE, profile_named, start_import
from connectors.engine.intake import advance
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RunState
from identities.actors import command_actor
from identities.errors import IdentityError

SHOWN_PROBLEMS = 50


class Command(BaseCommand):
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
            "file", nargs="+", type=Path, metavar="FILE", help="CSV file of people (and of departments)"
        )
        parser.add_argument("--profile", default=HR_PROFILE, help="import profile (default: %(default)s)")
        parser.add_argument("--apply", action="store_true", help="carry the plan out")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import in this process; a run that is killed is gone on with by a worker."""
        actor = command_actor()
        try:
            profile = profile_named(options["profile"], actor=actor)
            run = self._start(_with_departments(options["file"], profile), profile, options["apply"])
        except IdentityError as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
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
        findings = list(run.findings.all()[:SHOWN_PROBLEMS])
        if as_json:
            problems = [
                {name: getattr(f, name) for name in ("part", "row", "column", "value", "code", "message", "blocking")}
                for f in findings
            ]
            shown = {"run": str(run.pk), "file": run.file_name, "state": run.state, "counts": run.counts}
            self.stdout.write(json.dumps({**shown, "error": run.error, "problems": problems}))
            return
        self.stdout.write(f"{run.file_name}: {run.state}")
        for part, counted in run.counts.items():
            numbers = ", ".join(f"{name} {number}" for name, number in counted.items()) or "nothing"
            self.stdout.write(f"  {part}: {numbers}")
        for finding in findings:
            place = f"row {finding.row}, {finding.column}: " if finding.column else ""
            self.stdout.write(f"  {place}{finding.message}")
        if run.error:
            self.stdout.write(f"  {run.error}")


def _with_departments(paths: list[Path], profile: ImportProfile) -> list[Path]:
    """The files, and the profile's file of departments if it lies beside a single one."""
    beside = paths[0].with_name(profile.options.get("departments_file") or paths[0].name)
    return [*paths, beside] if len(paths) == 1 and beside != paths[0] and beside.is_file() else paths
