"""The doorbells of identities. What they start is due anyway; a lost ring only delays it to the next look."""

from celery import shared_task

from identities import audit


@shared_task
def seal() -> None:
    """Seal the audit entries that are not sealed yet."""
    while audit.seal_batch():
        continue
