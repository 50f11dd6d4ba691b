"""`manage.py explain USER SYSTEM`: why somebody has an account, or why not, and what happens next."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Model

from connectors.engine.advice import advice
from connectors.engine.full_explanation import FullExplanation, explain_in_full
from connectors.engine.outcomes import step_facts
from connectors.management.people import group_named, org_unit_coded, user_named
from connectors.management.portal_command import PortalCommand, system_named
from connectors.models import Link, Operation
from identities.vocabulary import ObjectType

_MARKS = {"yes": "+", "no": "-", "unknown": "?", "info": " "}


class Command(PortalCommand):
    """Exit status: 0 explained; 2 there is no such person, group, org unit or system."""

    help = "Explain, step by step and without asking the system, why a person has an account in a system or why not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """USER, SYSTEM, --group or --org-unit, --json."""
        parser.add_argument("user", metavar="USER", help="user name or id")
        parser.add_argument("system", metavar="SYSTEM", help="name of the system")
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--group", action="store_true", help="USER names a group")
        kind.add_argument("--org-unit", action="store_true", help="USER is the code of an org unit")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Explain."""
        kind, subject = _subject(options)
        full = explain_in_full(kind, subject.pk, system_named(options["system"]))
        who = {"object": str(kind), "id": str(subject.pk), "name": str(subject), "system": full.explanation.system.name}
        self.show({**who, **_content(full)}, _lines(str(subject), full), as_json=options["json"])


def _subject(options: dict[str, Any]) -> tuple[ObjectType, Model]:
    if options["group"]:
        return ObjectType.GROUP, group_named(options["user"])
    if options["org_unit"]:
        return ObjectType.ORG_UNIT, org_unit_coded(options["user"])
    return ObjectType.USER, user_named(options["user"])


def _content(full: FullExplanation) -> dict[str, Any]:
    explanation = full.explanation
    return {
        "verdict": str(explanation.decision.verdict),
        "steps": [step_facts(step) for step in explanation.decision.steps],
        "link": _link(explanation.link),
        "last_operation": _operation(explanation.last_operation),
        "pending_operation": _operation(explanation.pending),
        "next_attempt": _moment(explanation.next_attempt),
        "gates": list(explanation.gates),
        "values": [asdict(each) for each in full.values],
        "scope": [asdict(each) for each in full.scope],
        "mappings": [asdict(each) for each in full.mappings],
        "account": [asdict(each) for each in full.account],
        "obstacles": [{**asdict(each), "until": _moment(each.until)} for each in full.obstacles],
        "next": [{**asdict(each), "at": _moment(each.at)} for each in full.outlook],
        "history": [_operation(each) for each in full.history],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _link(link: Link | None) -> dict[str, Any] | None:
    if link is None:
        return None
    return {
        "state": link.state,
        "remote_id": link.remote_id,
        "remote_name": link.remote_name,
        "enabled": link.enabled,
        "unresolved": link.unresolved,
    }


def _operation(operation: Operation | None) -> dict[str, Any] | None:
    if operation is None:
        return None
    names = ("state", "verdict", "attempt", "error_class", "message")
    told = {"id": operation.pk, **{name: getattr(operation, name) for name in names}}
    ended = {"finished": _moment(operation.finished_at), "calls": operation.calls}
    return {**told, **ended, "advice": advice(operation.state, operation.error_class)}


def _lines(name: str, full: FullExplanation) -> Iterator[str]:
    explanation = full.explanation
    yield f"{name} on {explanation.system.name}: {explanation.decision.verdict}"
    for step in explanation.decision.steps:
        yield f"  {'  ' * step.depth}{_MARKS[step.outcome]} {step.title} {step.text}".rstrip()
    if explanation.last_operation:
        yield f"Last operation: {explanation.last_operation.state} {explanation.last_operation.message}".rstrip()
    if explanation.pending:
        due = explanation.next_attempt.isoformat(timespec="seconds") if explanation.next_attempt else "when it can be"
        yield f"Next attempt: {due}"
    yield from explanation.gates
    for coming in full.outlook:
        yield f"Next: {coming.text} {coming.at.isoformat(timespec='seconds') if coming.at else ''}".rstrip()
