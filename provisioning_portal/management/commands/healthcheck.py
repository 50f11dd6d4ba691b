"""`manage.py healthcheck`: whether the web process on this machine answers."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from provisioning_portal.supervisor import web_answers


class Command(BaseCommand):
    """Ask once."""

    help = "Ask the web process at HOST and PORT for its health; exit status 0 when it answers, 1 when not."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Report by the exit status."""
        sys.exit(0 if web_answers() else 1)
