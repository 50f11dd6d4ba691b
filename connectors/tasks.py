"""The doorbell of connectors. What it starts is due anyway; a lost ring only delays it to the next look."""

from celery import shared_task

from connectors.engine import work


@shared_task
def drain() -> None:
    """Turn change events into operations, and work on what is due."""
    work.attend()


def ring() -> None:
    """Ring once; raises whatever the broker's client raises when there is no broker to be had."""
    drain.delay()
