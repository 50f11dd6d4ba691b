"""`manage.py verify_audit`: does the audit trail still say what it said when it was sealed?"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identities import audit


class Command(BaseCommand):
    """Exit status: 0 sound; 1 broken, and the number of the first bad entry is told; 2 wrong arguments."""

    help = "Verify the audit trail. Keep the seal it prints elsewhere: given back as --checkpoint, it shows a cut tail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--json, --checkpoint NUMBER:DIGEST."""
        parser.add_argument("--json", action="store_true", help="print the outcome as a JSON object")
        parser.add_argument("--checkpoint", metavar="NUMBER:DIGEST", help="a seal printed earlier")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and print."""
        outcome = audit.verify(_checkpoint(options["checkpoint"]))
        if options["json"]:
            self.stdout.write(json.dumps(asdict(outcome)))
        else:
            self.stdout.write(_in_words(outcome))
        if not outcome.ok:
            raise SystemExit(1)


def _checkpoint(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, colon, digest = text.partition(":")
    if not (number.isdigit() and colon and digest):
        raise CommandError("A checkpoint is NUMBER:DIGEST.", returncode=2)
    return int(number), digest


def _in_words(outcome: audit.Verification) -> str:
    if outcome.ok:
        return (
            f"The audit trail is sound: {outcome.checked} entries checked, {outcome.unsealed} not sealed yet. "
            f"Newest seal: {outcome.last_seal}:{outcome.last_digest}"
        )
    return (
        f"The audit trail is broken at entry {outcome.first_bad}: {outcome.reason} ({outcome.checked} before are sound)"
    )
