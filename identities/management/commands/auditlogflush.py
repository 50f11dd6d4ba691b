"""Turns off django-auditlog's command of this name, which deletes the audit trail."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Refuses."""

    help = "Turned off: the audit trail is not deleted."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse (exit code 1)."""
        raise CommandError("The audit trail is kept; this command is turned off.")
