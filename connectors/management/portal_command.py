"""What the commands of this app have in common: one way to refuse, to ask, to find a system, and to print."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.engine.preview import PushCounts
from connectors.models import ConnectedSystem
from connectors.spi import ConnectorError
from identities.canonical import fold
from identities.errors import IdentityError, NotFound

WRONG_ARGUMENTS = 2


class PortalCommand(BaseCommand):
    """Exit status: 0 done, 1 refused or not well, 2 wrong arguments."""

    def show(self, content: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
        """Print one JSON object, or the lines."""
        if as_json:
            self.stdout.write(json.dumps(content, default=str))
            return
        for line in lines:
            self.stdout.write(line)

    def confirmed(self, question: str) -> bool:
        """Whether the person at the terminal says yes; without a terminal nobody does."""
        if not sys.stdin.isatty():
            return False
        self.stderr.write(f"{question} [y/N] ", ending="")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Turn refusals of actions into the command's own; what is about one value begins with its name."""
        try:
            yield
        except NotFound as refusal:
            raise CommandError(_in_words(refusal), returncode=WRONG_ARGUMENTS) from refusal
        except IdentityError as refusal:
            raise CommandError(_in_words(refusal)) from refusal
        except ConnectorError as refusal:
            raise CommandError(refusal.message) from refusal


def _in_words(refusal: IdentityError) -> str:
    if not refusal.field:
        return refusal.message
    where, _, name = refusal.field.rpartition(".")
    if refusal.message.startswith(f"{name}: "):  # it names the value itself
        return f"{where}.{refusal.message}" if where else refusal.message
    return f"{refusal.field}: {refusal.message}"


def system_named(name: str) -> ConnectedSystem:
    """The system of this name, in any case (raises CommandError with status 2)."""
    system = ConnectedSystem.objects.filter(name_key=fold(name)).first()
    if system is None:
        names = ", ".join(ConnectedSystem.objects.order_by("name").values_list("name", flat=True)) or "none"
        message = f"There is no system {name!r}. There are: {names}."
        raise CommandError(message, returncode=WRONG_ARGUMENTS)
    return system


def counts_content(found: PushCounts) -> dict[str, Any]:
    """What a push would do, as JSON: `counts` by action, and `samples`."""
    samples = [
        {"object": str(each.object_type), "name": each.name, "action": str(each.decision.verdict)}
        for each in found.picked()
    ]
    return {"counts": {str(verdict): number for verdict, number in found.counts.most_common()}, "samples": samples}


def counts_lines(found: PushCounts) -> Iterator[str]:
    """The same for people."""
    yield "A push would do:"
    for verdict, number in found.counts.most_common():
        yield f"  {verdict}: {number}"
    if not found.total:
        yield "  nothing: nobody is in scope and nothing is linked"
    for sample in found.picked():
        yield f"    {sample.decision.verdict} {sample.object_type} {sample.name}"
