"""`manage.py operations`: the queue and its log, and what a person does about it."""

from argparse import ArgumentParser
from typing import Any

from connectors.actions import operations
from connectors.management.chosen_operations import act_on, add_filters, content_of, filtered, lines_of, operation_id
from connectors.management.portal_command import PortalCommand
from connectors.vocabulary import OperationState

_STATES = [state.value for state in OperationState]
_ACTS = {
    "retry": (operations.retry, operations.RETRIED, "retried"),
    "skip": (operations.skip, operations.SKIPPED, "skipped"),
    "cancel": (operations.cancel, operations.CANCELLED, "cancelled"),
}


class Command(PortalCommand):
    """Exit status: 0 done; 1 refused for at least one operation; 2 wrong arguments."""

    help = (
        "List operations, newest first; or retry, skip or cancel those with the given ids, or with --all those that "
        "the filters choose and that it can be done to."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """[ACTION ID...] and the filters."""
        parser.add_argument("action", nargs="?", choices=("list", *_ACTS), default="list", metavar="ACTION")
        parser.add_argument("ids", nargs="*", type=operation_id, metavar="ID")
        parser.add_argument(
            "--state",
            choices=[state.value for state in OperationState],
            metavar="STATE",
            help=", ".join(OperationState),
        )
        add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """List or act."""
        chosen = filtered(options)
        if options["state"]:
            chosen = chosen.filter(state=options["state"])
        if options["action"] == "list":
            listed = list(chosen[: options["limit"]])
            content = {"total": chosen.count(), "operations": [content_of(each) for each in listed]}
            self.show(content, lines_of(listed), as_json=options["json"])
            return
        act, states, word = _ACTS[options["action"]]
        act_on(self, act, chosen.filter(state__in=states), options, word)
