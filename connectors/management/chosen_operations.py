"""Choosing operations on the command line, doing something to each, and printing them."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.management.base import CommandError
from django.db.models import BigIntegerField, QuerySet

from connectors.actions.each import each_of
from connectors.management.people import user_named
from connectors.management.portal_command import WRONG_ARGUMENTS, PortalCommand, system_named
from connectors.models import Operation
from identities.actors import command_actor

Chosen = QuerySet[Operation]


def add_filters(parser: ArgumentParser) -> None:
    """--system, --user, --limit, --all, --json."""
    parser.add_argument("--system", metavar="NAME", help="only of this system")
    parser.add_argument("--user", metavar="USER", help="only of this person (user name or id)")
    parser.add_argument(
        "--limit", type=_positive, default=100, metavar="N", help="list at most so many (default: %(default)s)"
    )
    parser.add_argument("--all", action="store_true", help="instead of ids: all that the other options choose")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


def operation_id(text: str) -> int:
    """An id as the database can hold it (raises ValueError, ArgumentTypeError)."""
    number = int(text)
    if not 0 < number <= BigIntegerField.MAX_BIGINT:
        raise ArgumentTypeError(f"there is no operation {number}")
    return number


def filtered(options: dict[str, Any]) -> Chosen:
    """The operations the filters choose, newest first.

    Raises:
        CommandError: with status 2: there is no such system or person, or ids are given to a list.
    """
    if options["action"] == "list" and (options["ids"] or options["all"]):
        raise CommandError("Ids and --all are for what is done to operations.", returncode=WRONG_ARGUMENTS)
    chosen = Operation.objects.select_related("system").order_by("-id")
    if options.get("system"):
        chosen = chosen.filter(system=system_named(options["system"]))
    if options.get("user"):
        chosen = chosen.filter(object_id=user_named(options["user"]).pk)
    return chosen


def act_on(
    command: PortalCommand, act: Callable[..., Operation], chosen: Chosen, options: dict[str, Any], word: str
) -> None:
    """Do `act` to the operations named by id, or with --all to all chosen ones, and say to how many.

    Raises:
        CommandError: neither ids nor --all, an unknown id (status 2), or some were refused (status 1).
    """
    if bool(options["ids"]) == options["all"]:
        raise CommandError("Give ids, or --all with filters.", returncode=WRONG_ARGUMENTS)
    if options["ids"]:
        chosen = Operation.objects.filter(pk__in=options["ids"]).order_by("-id")
        unknown = sorted(set(options["ids"]) - set(chosen.values_list("pk", flat=True)))
        if unknown:
            raise CommandError(f"There is no operation {unknown[0]}.", returncode=WRONG_ARGUMENTS)
    done, refused = each_of(act, list(chosen), actor=command_actor())
    command.show({word: done, "refused": refused}, [f"{word}: {done}", *refused], as_json=options["json"])
    if refused:
        raise SystemExit(1)


def content_of(operation: Operation) -> dict[str, Any]:
    """An operation as JSON."""
    return {
        "id": operation.pk,
        "system": operation.system.name,
        "object": operation.object_type,
        "object_id": str(operation.object_id),
        "name": operation.object_name,
        "state": operation.state,
        "verdict": operation.verdict,
        "removal": operation.held_verdict,
        "attempt": operation.attempt,
        "error": operation.error_class,
        "message": operation.message,
        "cause": operation.cause,
        "created": operation.created_at.isoformat(),
        "due": operation.due_at.isoformat(),
    }


def lines_of(operations: Iterable[Operation]) -> Iterator[str]:
    """A line for each operation."""
    for each in operations:
        what = f"{each.id:>8} {each.state:11} {each.system.name}: {each.object_type} {each.object_name}"
        yield " ".join(part for part in (what, each.held_verdict or each.verdict, each.message) if part)
