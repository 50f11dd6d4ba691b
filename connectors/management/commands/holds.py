"""`manage.py holds`: removals that the brake stopped."""

from argparse import ArgumentParser
from typing import Any

from connectors.actions import holds
from connectors.management.chosen_operations import act_on, add_filters, content_of, filtered, lines_of, operation_id
from connectors.management.portal_command import PortalCommand

_ACTS = {"release": (holds.release, "released"), "reject": (holds.reject, "rejected")}


class Command(PortalCommand):
    """Exit status: 0 done; 1 refused for at least one hold; 2 wrong arguments."""

    help = (
        "List held removals; or release them (they are carried out beyond the limit) or reject them (the accounts stay "
        "as they are), by id or with --all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """[ACTION ID...] and the filters."""
        parser.add_argument("action", nargs="?", choices=("list", *_ACTS), default="list", metavar="ACTION")
        parser.add_argument("ids", nargs="*", type=operation_id, metavar="ID")
        add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """List or act."""
        chosen = filtered(options).filter(state__in=holds.HELD)
        if options["action"] == "list":
            listed = list(chosen[: options["limit"]])
            content = {"total": chosen.count(), "holds": [content_of(each) for each in listed]}
            self.show(content, lines_of(listed), as_json=options["json"])
            return
        act, word = _ACTS[options["action"]]
        act_on(self, act, chosen, options, word)
