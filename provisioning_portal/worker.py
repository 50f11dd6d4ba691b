"""The worker process: answers doorbells through Celery, and polls for what no doorbell announced."""

from __future__ import annotations

import warnings
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import worker_shutting_down
from django.conf import settings

from provisioning_portal.celery import app
from provisioning_portal.due_work import due_work
from provisioning_portal.poller import Poller


def run_worker() -> int:
    """Work until SIGTERM or SIGINT; the exit status.

    A stop is soft: nothing new is claimed, what runs is finished. A process that is killed instead loses nothing, its
    leases expire and others take over.
    """
    poller = Poller(due_work())

    def stop_polling(**kwargs: Any) -> None:
        poller.request_stop()

    worker_shutting_down.connect(stop_polling)
    # It warns of pickled messages under root; the portal accepts JSON alone.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(
        pool="threads",
        concurrency=settings.PORTAL_WORKER_SLOTS,
        hostname="portal@%h",
        loglevel="WARNING",
        redirect_stdouts=False,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    poller.start()
    worker.start()
    poller.request_stop()
    poller.join(settings.PORTAL_CALL_DEADLINE_SECONDS)
    return int(worker.exitcode or 0)


def run_beat() -> None:
    """Ring periodically until SIGTERM or SIGINT."""
    app.Beat(loglevel="WARNING", redirect_stdouts=False, quiet=True).run()
