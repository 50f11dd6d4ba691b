"""What a worker does without being asked: the doorbell only makes it happen sooner."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from identities import audit

SEAL_SECONDS = 60.0


@dataclass(frozen=True)
class DueWork:
    """One kind of work: `run` does a share of what is due and says how much that was."""

    name: str
    run: Callable[[], int]
    every_seconds: float


def worker_name() -> str:
    """How this process signs the work it claims."""
    return f"{socket.gethostname()}:{os.getpid()}"


def due_work() -> tuple[DueWork, ...]:
    """Everything a worker looks for."""
    return (DueWork("seal", audit.seal_batch, every_seconds=SEAL_SECONDS),)
