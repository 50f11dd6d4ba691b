"""`manage.py rotate_secrets`: every stored secret under the first of VAULT_KEYS, so that the others can go."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connectors.actions.systems import rotate_every_secret
from identities.actors import command_actor
from selfservice.rotation import rotate_every_second_factor


class Command(BaseCommand):
    """Exit status: 0 done, also when nothing was left to do; 1 some secrets are opened by no key."""

    help = (
        "Encrypt the secrets of connected systems and the second factors with the first of VAULT_KEYS. Once it finds "
        "nothing left to do, the other keys can be taken out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--json."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and say to how many."""
        systems, unreadable_systems = rotate_every_secret(actor=command_actor())
        factors, unreadable_factors = rotate_every_second_factor(actor=command_actor())
        unreadable = {"systems": unreadable_systems, "second_factors": unreadable_factors}
        if options["json"]:
            self.stdout.write(json.dumps({"systems": systems, "second_factors": factors, "unreadable": unreadable}))
        else:
            self.stdout.write(f"Encrypted anew: {systems} systems, {factors} second factors.")
            for name in unreadable_systems:
                self.stdout.write(f"No key opens the secrets of {name}: bring its key back, or enter them anew.")
            for name in unreadable_factors:
                self.stdout.write(f"No key opens the second factor of {name}: bring its key back.")
        if unreadable_systems or unreadable_factors:
            raise SystemExit(1)
