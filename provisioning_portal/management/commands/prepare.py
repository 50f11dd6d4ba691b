"""`manage.py prepare`: what must be done once before processes are started apart."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from provisioning_portal import first_start


class Command(BaseCommand):
    """Take migrations and set up a new portal."""

    help = "Take migrations; on a new database also make the first administrator and print the one-time password."

    def handle(self, *args: Any, **options: Any) -> None:
        """Idempotent: a portal that is set up stays as it is."""
        call_command("migrate", interactive=False, verbosity=0)
        for line in first_start.prepare():
            self.stdout.write(line)
