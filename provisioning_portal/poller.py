"""The pollers of a worker: one thread per kind of due work, independent of the broker and of each other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from django.db import close_old_connections, connections
from django.db.utils import DatabaseError

from provisioning_portal.due_work import DueWork

logger = logging.getLogger(__name__)

# How long a poller leaves a database alone that does not answer.
DATABASE_PAUSE_SECONDS = 1.0


class Poller:
    """Runs due work until told to stop."""

    def __init__(self, work: Sequence[DueWork]) -> None:
        """Prepare a thread for each kind of work; nothing runs before `start`."""
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._poll, args=(item,), name=f"poll-{item.name}", daemon=True) for item in work
        ]

    def start(self) -> None:
        """Start polling."""
        for thread in self._threads:
            thread.start()

    def request_stop(self) -> None:
        """Have every poller end after what it is doing."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait until all have ended, at most `seconds`."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _poll(self, work: DueWork) -> None:
        while not self._stop.is_set():
            pause = self._attempt(work)
            self._stop.wait(pause)
        connections.close_all()

    def _attempt(self, work: DueWork) -> float:
        """Do one share; the seconds to wait before the next."""
        try:
            done = work.run()
        except DatabaseError:
            logger.exception("%s: the database did not answer", work.name)
            return max(work.every_seconds, DATABASE_PAUSE_SECONDS)
        except Exception:  # a defect in one share of work must not end the looking for the next
            logger.exception("%s failed", work.name)
            return max(work.every_seconds, DATABASE_PAUSE_SECONDS)
        finally:
            close_old_connections()
        return 0.0 if done else work.every_seconds
