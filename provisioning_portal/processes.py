"""Child processes that never outlive the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# A process that ran this long before it died is not in a crash loop.
SETTLED_SECONDS = 30.0

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends (prctl(2), PR_SET_PDEATHSIG).

    To be called in the child. `parent` is the process id that the caller expects its parent to have: when it is gone
    already, this process ends at once.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class SupervisedProcess:
    """One child in a process group of its own, started again with growing pauses when it dies."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        """Describe the child; nothing runs before `start`."""
        self.name = name
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS / 2
        self._due_at = 0.0

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the child; it must be called by the main thread, to whose life the child's is bound."""
        parent = os.getpid()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),
        )
        self._started_at = time.monotonic()
        self._due_at = 0.0

    def tend(self) -> None:
        """Start the child again if it has died and its pause is over."""
        if self.running:
            return
        now = time.monotonic()
        if not self._due_at:
            self._bury(now)
        elif now >= self._due_at:
            self.start()

    def _bury(self, now: float) -> None:
        status = self._process.returncode if self._process else None
        self.kill()
        settled = now - self._started_at >= SETTLED_SECONDS
        self._pause = FIRST_PAUSE_SECONDS if settled else min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._due_at = now + self._pause
        logger.error("%s ended with status %s; starting it again in %.1f s", self.name, status, self._pause)

    def terminate(self) -> None:
        """Ask the child to end in good order."""
        if self.running and self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the child and everything it left in its process group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def stop_all(processes: Sequence[SupervisedProcess], seconds: float) -> None:
    """Ask all to end, wait up to `seconds`, and end what is left."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + seconds
    while any(process.running for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        if process.running:
            logger.warning(
                "%s did not end within %.0f s and is killed; its work will be resumed", process.name, seconds
            )
        process.kill()
