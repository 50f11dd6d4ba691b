"""`manage.py connect FILE.yaml`: a connected system as a file describes it."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from connectors.actions.descriptions import Connected, connect_system
from connectors.actions.systems import discover_system, resume_system, start_push, test_system
from connectors.engine.preview import PushCounts, count_push
from connectors.engine.situation import Verdict
from connectors.management.portal_command import WRONG_ARGUMENTS, PortalCommand, counts_content, counts_lines
from connectors.management.system_file import SystemFileError, read_system_file
from connectors.models import ConnectedSystem, Run
from connectors.spi import FindingLevel
from connectors.vocabulary import SystemState
from identities.actors import command_actor

_UNREMARKABLE = {Verdict.NOTHING, Verdict.LEAVE}


class Command(PortalCommand):
    """Exit status: 0 done, also when nothing differed; 1 refused, not confirmed, or the system does not work; 2 the
    file or an argument is wrong.
    """

    help = (
        "Create or update the connected system that FILE describes (see docs/commands.md). An unchanged file changes "
        "nothing. A new system is paused; with --resume the counts of what will happen are shown and, once confirmed, "
        "it runs and everybody is pushed. Without it a system stays paused or running as it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE, --resume, --yes, --json."""
        parser.add_argument("file", type=Path, metavar="FILE", help="YAML file describing the system")
        parser.add_argument("--resume", action="store_true", help="let the system run and push everybody")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect, and push if asked."""
        try:
            description = read_system_file(options["file"], os.environ)
        except SystemFileError as error:
            raise CommandError(str(error), returncode=WRONG_ARGUMENTS) from error
        with self.refusing():
            connected = connect_system(description, actor=command_actor())
        content = _content(connected)
        lines = [_summary(connected)]
        if options["resume"]:
            content |= self._resume(connected, options)
        elif connected.needs_push and connected.system.state == SystemState.RUNNING:
            lines.append(
                f"Accounts follow with the next change, or at once: manage.py system {connected.system.name} push"
            )
        self.show(content, lines, as_json=options["json"])

    def _resume(self, connected: Connected, options: dict[str, Any]) -> dict[str, Any]:
        system = connected.system
        with self.refusing():
            self._examine(system)
            found = count_push(system)
        if not options["json"]:
            self.show({}, counts_lines(found), as_json=False)
        idle = system.state == SystemState.RUNNING and not connected.needs_push and not _remarkable(found)
        run = None if idle else self._push(system, found, confirmed=options["yes"])
        if not options["json"]:
            self.stdout.write("There is nothing to push." if run is None else f"Pushing {run.total} objects.")
        system.refresh_from_db()
        pushed = {"run": str(run.pk), "total": run.total} if run else {"run": None, "total": 0}
        return {"state": str(system.state), "push": {**pushed, **counts_content(found)}}

    def _examine(self, system: ConnectedSystem) -> None:
        """Know that the system works, and what it can hold, before anything is promised."""
        wrong = [each for each in test_system(system, actor=command_actor()) if each.level is FindingLevel.ERROR]
        if wrong:
            texts = " ".join(f"{each.name}: {each.message} {each.advice}" for each in wrong)
            raise CommandError(f"{system.name} is connected, but does not work yet. {texts}")
        system.refresh_from_db()
        if not system.remote_schema:
            discover_system(system, actor=command_actor())
            system.refresh_from_db()

    def _push(self, system: ConnectedSystem, found: PushCounts, *, confirmed: bool) -> Run:
        if not confirmed and not self.confirmed(f"Push {found.total} objects to {system.name}?"):
            raise CommandError("Not confirmed: nothing was pushed. Answer y, or give --yes.")
        start = resume_system if system.state == SystemState.PAUSED else start_push
        with self.refusing():
            return start(system, actor=command_actor())


def _remarkable(found: PushCounts) -> bool:
    return any(number for verdict, number in found.counts.items() if verdict not in _UNREMARKABLE)


def _content(connected: Connected) -> dict[str, Any]:
    system = connected.system
    return {
        "id": str(system.pk),
        "name": system.name,
        "state": str(system.state),
        "created": connected.created,
        "changed": list(connected.changed),
        "needs_push": connected.needs_push,
        "push": None,
    }


def _summary(connected: Connected) -> str:
    name, state = connected.system.name, connected.system.state
    if connected.created:
        return f"{name} is connected ({state})."
    if connected.changed:
        return f"{name} is updated ({state}): {', '.join(connected.changed)}."
    return f"{name} is as the file says ({state})."
