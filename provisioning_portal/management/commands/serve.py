"""`manage.py serve`: the whole portal with one command."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from provisioning_portal.supervisor import PortUnavailableError, Supervisor, check_port


class Command(BaseCommand):
    """Prepare, then keep web, worker and beat running."""

    help = "Run the whole portal: migrations, first set-up, then web, worker and beat until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        try:
            check_port(settings.PORTAL_WEB_HOST, settings.PORTAL_WEB_PORT)
        except PortUnavailableError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"data folder: {settings.PORTAL_DATA_DIR}")
        call_command("prepare", stdout=self.stdout)
        # The children make their own; a pool of the parent would only hold connections.
        connections.close_all()
        Supervisor().run(on_ready=self._announce)
        self.stdout.write("portal has stopped")

    def _announce(self) -> None:
        self.stdout.write(f"portal is ready: {settings.PORTAL_PUBLIC_URL}/  (Ctrl-C stops it)")
        self.stdout.flush()
