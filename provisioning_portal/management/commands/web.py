"""`manage.py web`: a web process of its own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provisioning_portal import web
from provisioning_portal.supervisor import PortUnavailableError, check_port


class Command(BaseCommand):
    """Serve until told to stop."""

    help = "Serve the pages and the SCIM interface at HOST and PORT, with WEB_WORKERS processes of WEB_THREADS threads."
    # `serve` and `prepare` have checked; a process that is started again should be there soon.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the address and serve."""
        try:
            check_port(settings.PORTAL_WEB_HOST, settings.PORTAL_WEB_PORT)
        except PortUnavailableError as error:
            raise CommandError(str(error)) from error
        web.serve()
