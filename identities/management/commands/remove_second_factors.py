"""`manage.py remove_second_factors USER --reason TEXT`: the way back in when nobody else may remove them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identities.actions.credentials import remove_second_factors
from identities.actors import command_actor
from identities.canonical import fold
from identities.errors import IdentityError
from identities.models import User

WRONG_ARGUMENTS = 2


class Command(BaseCommand):
    """Exit status: 0 done; 1 there is nothing to remove; 2 there is no such user, or wrong arguments."""

    help = "Remove the second factors of somebody who lost them; every session of theirs ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """USER, --reason, --json."""
        parser.add_argument("user", help="user name")
        parser.add_argument("--reason", required=True, help="kept in the audit trail")
        parser.add_argument("--json", action="store_true", help="print the id and the user name as a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove, and say what happens next."""
        user = User.objects.filter(user_name_key=fold(options["user"])).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.", returncode=WRONG_ARGUMENTS)
        try:
            remove_second_factors(user, actor=command_actor(), reason=options["reason"])
        except IdentityError as refusal:
            raise CommandError(refusal.message) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"id": str(user.pk), "user_name": user.user_name}))
        else:
            self.stdout.write(f"{user.user_name} signs in with the password alone next, and sets up a new one then.")
