"""The request log of API clients: the one place that writes its lines, and how long they are kept."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from identities.models import ClientRequest

logger = logging.getLogger(__name__)

# Lines forgotten at once: a short write, also on SQLite, which lets one write at a time.
SHARE = 500
_collected: ContextVar[list[ClientRequest] | None] = ContextVar("collected", default=None)


def write(line: ClientRequest) -> None:
    """Add a line to the log, unless it is being collected. Never fails: the request has been answered."""
    lines = _collected.get()
    if lines is not None:
        lines.append(line)
        return
    try:
        line.save(force_insert=True)
    except DatabaseError:
        logger.warning("A line of the SCIM request log was lost.", exc_info=True)


@contextmanager
def collected() -> Iterator[list[ClientRequest]]:
    """The lines of the requests that are answered within, which do not come into the log."""
    lines: list[ClientRequest] = []
    token = _collected.set(lines)
    try:
        yield lines
    finally:
        _collected.reset(token)


def forget_old_requests() -> int:
    """Delete some of the lines that are older than PORTAL_REQUEST_LOG_DAYS, the oldest first; how many it was."""
    limit = timezone.now() - timedelta(days=settings.PORTAL_REQUEST_LOG_DAYS)
    over = ClientRequest.objects.filter(at__lt=limit).order_by("at", "pk").values_list("pk", flat=True)
    number, _by_model = ClientRequest.objects.filter(pk__in=list(over[:SHARE])).delete()
    return number
