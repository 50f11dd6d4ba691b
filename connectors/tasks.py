"""The doorbell of connectors. What it starts is due anyway; a lost ring only delays it to the next look."""

import logging
import threading
import time
from typing import Final

from celery import shared_task

from connectors.engine import work
from identities.consumers import dynamic_groups

logger = logging.getLogger(__name__)

# One ring tells of everything that was committed before it: a process that changes much rings so often at most.
RING_SECONDS: Final = 0.05


@shared_task
def drain() -> None:
    """Turn change events into operations, and work on what is due; compute the dynamic groups they touch."""
    work.attend()
    # What this changes rings again.
    dynamic_groups.work()


class _Bell:
    """Rings at once, and once more a little later if it was asked to in between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._waiting = False

    def ring(self) -> None:
        """Ring now, or with the others who ask now."""
        with self._lock:
            wait = self._quiet_until - time.monotonic()
            if self._waiting:
                return
            if wait > 0:
                self._waiting = True
                # Not a daemon: a process that ends waits for it.
                threading.Timer(wait, self._ring_later).start()
                return
            self._quiet_until = time.monotonic() + RING_SECONDS
        drain.delay()

    def _ring_later(self) -> None:
        with self._lock:
            self._waiting = False
            self._quiet_until = time.monotonic() + RING_SECONDS
        try:
            drain.delay()
        except Exception:  # whatever a broker's client raises: the change is committed and will be found
            logger.debug("A doorbell did not ring", exc_info=True)


_bell: Final = _Bell()


def ring() -> None:
    """Ring once, soon; may raise whatever the broker's client raises when there is no broker to be had."""
    _bell.ring()
