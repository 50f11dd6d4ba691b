"""What a worker does without being asked: the doorbell only makes it happen sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.utils import timezone

from connectors.drop_folder import DropFolder
from connectors.engine import fanout, intake, work
from identities import audit
from identities.actions import lifecycle
from identities.actors import clock_actor
from identities.consumers import dynamic_groups
from identities.scim.callers import oauth_tokens
from identities.scim.console import self_test
from identities.scim.log import request_log

SEAL_SECONDS = 60.0
# Whole days in the portal's time zone begin at any hour of the machine's.
CLOCK_SECONDS = 3600.0
REQUEST_LOG_SECONDS = 3600.0
OAUTH_TOKENS_SECONDS = 3600.0


@dataclass(frozen=True)
class DueWork:
    """One kind of work: `run` does a share of what is due and says how much that was."""

    name: str
    run: Callable[[], int]
    every_seconds: float


def due_work() -> tuple[DueWork, ...]:
    """Everything a worker looks for."""
    worker = work.worker_name()
    poll = settings.PORTAL_POLL_SECONDS
    dropped = settings.PORTAL_IMPORT_DROP_FOLDER
    return (
        *([DueWork("drop folder", DropFolder(dropped).look, poll)] if dropped else []),
        DueWork("fanout", fanout.drain, poll),
        DueWork("rules", dynamic_groups.work, poll),
        DueWork("runs", partial(work.queue_runs, worker), poll),
        DueWork("converge", partial(work.work, worker, settings.PORTAL_WORKER_SLOTS), poll),
        DueWork("intake", partial(intake.work, worker), poll),
        DueWork("clock", _run_clock, CLOCK_SECONDS),
        DueWork("seal", audit.seal_batch, SEAL_SECONDS),
        DueWork("self-test", self_test.work, poll),
        # Nobody waits for these, so they have no doorbell.
        DueWork("request log", request_log.forget_old_requests, REQUEST_LOG_SECONDS),
        DueWork("OAuth tokens", oauth_tokens.forget_expired_tokens, OAUTH_TOKENS_SECONDS),
    )


def _run_clock() -> int:
    return lifecycle.run_clock(timezone.localdate(), actor=clock_actor())
