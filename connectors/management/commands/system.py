"""`manage.py system NAME ACTION`: what can be done with one connected system."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from connectors.actions.systems import (
    delete_system,
    discover_system,
    pause_system,
    resume_system,
    start_push,
    test_system,
)
from connectors.engine.preview import count_push
from connectors.management.portal_command import PortalCommand, counts_content, counts_lines, system_named
from connectors.models import ConnectedSystem, Run
from connectors.spi import FindingLevel
from connectors.vocabulary import RemovalPolicy
from identities.actors import command_actor

ACTIONS = ("test", "discover", "pause", "resume", "push", "preview", "delete")
Content = dict[str, Any]


class Command(PortalCommand):
    """Exit status: 0 done; 1 refused, not confirmed, or the test found an error; 2 wrong arguments."""

    help = (
        "Test a connected system, discover what it is, pause or resume it, push everybody, preview a push, or delete "
        "it. At a terminal resume, push and delete ask first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """NAME, ACTION, --policy, --yes, --json."""
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
        parser.add_argument(
            "--policy",
            choices=[policy.value for policy in RemovalPolicy],
            default=RemovalPolicy.LEAVE.value,
            help="what delete does to the accounts (default: %(default)s)",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the system and do it."""
        system = system_named(options["name"])
        with self.refusing():
            _ACTIONS[options["action"]](self, system, options)

    def _test(self, system: ConnectedSystem, options: Content) -> None:
        findings = test_system(system, actor=command_actor())
        works = not any(each.level is FindingLevel.ERROR for each in findings)
        shown = [
            {"name": each.name, "level": str(each.level), "message": each.message, "advice": each.advice}
            for each in findings
        ]
        lines = (f"{each['level']:8} {each['name']}: {each['message']} {each['advice']}".rstrip() for each in shown)
        self.show({"system": system.name, "works": works, "findings": shown}, lines, as_json=options["json"])
        if not works:
            raise SystemExit(1)

    def _discover(self, system: ConnectedSystem, options: Content) -> None:
        found = discover_system(system, actor=command_actor())
        content = {
            "system": system.name,
            "proposals": dict(found.proposals),
            "choices": {name: list(values) for name, values in found.choices.items()},
            "notes": list(found.notes),
            "mappings": {str(kind): dict(rows) for kind, rows in found.suggested_mappings.items()},
        }
        proposals = [f"{name}: {value}" for name, value in found.proposals.items()]
        choices = [f"{name}: one of {', '.join(values)}" for name, values in found.choices.items()]
        mappings = [
            f"{kind} {name} = {text}" for kind, rows in content["mappings"].items() for name, text in rows.items()
        ]
        self.show(content, [*proposals, *choices, *found.notes, *mappings], as_json=options["json"])

    def _pause(self, system: ConnectedSystem, options: Content) -> None:
        paused = pause_system(system, actor=command_actor())
        content = {"system": paused.name, "state": str(paused.state)}
        self.show(content, [f"{paused.name} is paused."], as_json=options["json"])

    def _resume(self, system: ConnectedSystem, options: Content) -> None:
        self._counted(system, options, f"Resume {system.name} and push everybody?", resume_system)

    def _push(self, system: ConnectedSystem, options: Content) -> None:
        self._counted(system, options, f"Push everybody to {system.name}?", start_push)

    def _counted(self, system: ConnectedSystem, options: Content, question: str, start: Callable[..., Run]) -> None:
        found = count_push(system)
        if not options["json"]:
            self.show({}, counts_lines(found), as_json=False)
        self._ask(question, options)
        run = start(system, actor=command_actor())
        system.refresh_from_db()
        content = {
            "system": system.name,
            "state": str(system.state),
            "run": str(run.pk),
            "total": run.total,
            **counts_content(found),
        }
        self.show(content, [f"Pushing {run.total} objects to {system.name}."], as_json=options["json"])

    def _preview(self, system: ConnectedSystem, options: Content) -> None:
        found = count_push(system)
        content = {"system": system.name, "total": found.total, **counts_content(found)}
        self.show(content, counts_lines(found), as_json=options["json"])

    def _delete(self, system: ConnectedSystem, options: Content) -> None:
        policy = RemovalPolicy(options["policy"])
        self._ask(f"Delete {system.name}? Its accounts: {policy}.", options)
        run = delete_system(system, policy, actor=command_actor())
        content = {"system": system.name, "deleted": run is None, "run": str(run.pk) if run else None}
        done = (
            f"{system.name} is deleted."
            if run is None
            else f"{system.name} goes once its {run.total} objects are done."
        )
        self.show(content, [done], as_json=options["json"])

    def _ask(self, question: str, options: Content) -> None:
        """Ask at a terminal; a script has said what it wants by calling."""
        if not options["yes"] and sys.stdin.isatty() and not self.confirmed(question):
            raise CommandError("Not confirmed: nothing was done.")


_ACTIONS: dict[str, Callable[[Command, ConnectedSystem, Content], None]] = {
    "test": Command._test,
    "discover": Command._discover,
    "pause": Command._pause,
    "resume": Command._resume,
    "push": Command._push,
    "preview": Command._preview,
    "delete": Command._delete,
}
