"""`manage.py beat`: the clock that rings the doorbells."""

from typing import Any

from django.core.management.base import BaseCommand

from provisioning_portal.worker import run_beat


class Command(BaseCommand):
    """Ring until told to stop."""

    help = "Ring the periodic doorbells. One is enough; without it the workers' own polling does everything, later."
    # `serve` and `prepare` have checked; a process that is started again should be there soon.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the clock."""
        run_beat()
