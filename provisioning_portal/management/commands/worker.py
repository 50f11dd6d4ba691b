"""`manage.py worker`: a worker process of its own."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from provisioning_portal.worker import run_worker


class Command(BaseCommand):
    """Work until told to stop."""

    help = "Move accounts: answer doorbells and poll for due work, WORKER_SLOTS operations at once. Any number may run."
    # `serve` and `prepare` have checked; a process that is started again should be there soon.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the worker and end with its status."""
        sys.exit(run_worker())
