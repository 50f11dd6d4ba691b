"""Requests of callers nobody knows: some of them come into the request log, so that a wrong token is noticed and
nobody can fill the log from outside.
"""

import time
from threading import Lock
from typing import Final

LINES: Final = 10
SECONDS: Final = 60.0


class Allowance:
    """So many lines in so many seconds, for this process; what is left out is counted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._began = 0.0
        self._taken = 0
        self._left_out = 0

    def take(self) -> int | None:
        """How many lines were left out since the last one that was allowed; None if this one is left out too."""
        with self._lock:
            now = time.monotonic()
            if not self._taken or now - self._began >= SECONDS:
                self._began, self._taken = now, 0
            if self._taken >= LINES:
                self._left_out += 1
                return None
            self._taken += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


allowance: Final = Allowance()
