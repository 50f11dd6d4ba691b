"""The request log of API clients: the one place that writes its lines, and how long they are kept.

Lines are written in batches beside the requests: a line waits at most PORTAL_REQUEST_LOG_SECONDS in the process that
answered, so that a read writes nothing while somebody waits for it. A process that is killed loses so much of the log,
and nothing else.
"""

import atexit
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

import orjson
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from identities.models import ApiClient, ClientRequest
from identities.queries.statements import insert_records
from identities.scim.log.request_lines import Line

logger = logging.getLogger(__name__)

# Lines forgotten at once: a short write, also on SQLite, which lets one write at a time.
SHARE = 500
# More wait only while the database does not take them; what comes then is lost.
_MOST_WAITING: Final = 5_000
_BATCH: Final = 500
_collected: ContextVar[list[Line] | None] = ContextVar("collected", default=None)


class RequestLog:
    """The lines of this process that are not written yet. The thread that writes them starts with the first."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._writer: threading.Thread | None = None

    def add(self, line: Line) -> None:
        """Have this line written soon; at once where PORTAL_REQUEST_LOG_SECONDS is 0."""
        with self._lock:
            if len(self._lines) >= _MOST_WAITING:
                return
            self._lines.append(line)
            if settings.PORTAL_REQUEST_LOG_SECONDS and self._writer is None:
                self._writer = threading.Thread(target=self._write_always, name="scim-request-log", daemon=True)
                self._writer.start()
                atexit.register(self.write)
        if settings.PORTAL_REQUEST_LOG_SECONDS:
            self._something.set()
        else:
            self.write()

    def write(self) -> None:
        """Write what waits. Lines of clients that are gone are passed over, and a failure costs only lines."""
        with self._lock:
            lines, self._lines = self._lines, []
        try:
            for start in range(0, len(lines), _BATCH):
                _insert(lines[start : start + _BATCH])
        except DatabaseError:
            logger.warning("%d lines of the SCIM request log were lost.", len(lines), exc_info=True)

    def _write_always(self) -> None:
        pause = threading.Event()
        while self._something.wait():
            pause.wait(settings.PORTAL_REQUEST_LOG_SECONDS)
            self._something.clear()
            self.write()
            connection.close()


log: Final = RequestLog()


def write(line: Line) -> None:
    """Add a line to the log, unless it is being collected. Never fails: the request has been answered."""
    lines = _collected.get()
    if lines is None:
        log.add(line)
    else:
        lines.append(line)


@contextmanager
def collected() -> Iterator[list[Line]]:
    """The lines of the requests that are answered within, which do not come into the log."""
    lines: list[Line] = []
    token = _collected.set(lines)
    try:
        yield lines
    finally:
        _collected.reset(token)


def _insert(lines: list[Line]) -> None:
    try:
        records = orjson.dumps(lines) if connection.vendor == "postgresql" else b""
    except TypeError:
        # A payload may hold numbers of any length, which orjson does not write.
        records = b""
    if records:
        insert_records(ClientRequest, records.decode(), references="client")
        return
    clients = {line.client_id for line in lines if line.client_id}
    known = set(ApiClient.objects.filter(pk__in=clients).values_list("pk", flat=True)) if len(lines) > 1 else clients
    ClientRequest.objects.bulk_create(
        line.as_request() for line in lines if not line.client_id or line.client_id in known
    )


def forget_old_requests() -> int:
    """Delete some of the lines that are older than PORTAL_REQUEST_LOG_DAYS, the oldest first; how many it was."""
    limit = timezone.now() - timedelta(days=settings.PORTAL_REQUEST_LOG_DAYS)
    over = ClientRequest.objects.filter(at__lt=limit).order_by("at", "pk").values_list("pk", flat=True)
    number, _by_model = ClientRequest.objects.filter(pk__in=list(over[:SHARE])).delete()
    return number
