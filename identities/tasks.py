"""The doorbells of identities. What they start is due anyway; a lost ring only delays it to the next look."""

from celery import shared_task
from django.utils import timezone

from identities import audit
from identities.actions import lifecycle
from identities.actors import clock_actor


@shared_task
def seal() -> None:
    """Seal the audit entries that are not sealed yet."""
    while audit.seal_batch():
        continue


@shared_task
def run_clock() -> None:
    """Act on start and end dates."""
    lifecycle.run_clock(timezone.localdate(), actor=clock_actor())
