"""`manage.py status`: how everything stands."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from connectors.engine.standing import Standing, standing
from connectors.management.portal_command import PortalCommand


class Command(PortalCommand):
    """Exit status: 0."""

    help = (
        "People by state, links by system and state, systems, operations by what they wait for, and the oldest of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--json."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        found = standing()
        content = {
            "people": found.people,
            "links": found.links,
            "systems": found.systems,
            "events": found.events,
            "operations": found.operations,
            "oldest_seconds": found.oldest_seconds,
        }
        self.show(content, _lines(found), as_json=options["json"])


def _lines(found: Standing) -> Iterator[str]:
    yield f"People: {_joined(found.people)}"
    for system in found.systems:
        yield f"{system['name']}: {system['state']}, breaker {system['breaker']} {system['reason']}".rstrip()
        yield f"  links: {_joined(found.links.get(system['name'], {}))}"
    yield f"Operations: {_joined(found.operations)}"
    yield f"Change events not yet looked at: {found.events}"
    if found.oldest_seconds is not None:
        yield f"The oldest has been open for {found.oldest_seconds} s"


def _joined(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) or "none"
