"""How long the code under test may take, whatever else the machine does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Bound the processor time that this thread spends in the block.

    Not the time on the wall: on a busy machine that says how busy it is.

    Raises:
        AssertionError: the block took longer.
    """
    begun = time.thread_time()
    yield
    taken = time.thread_time() - begun
    assert taken < seconds, f"took {taken:.2f} s of processor time, not under {seconds} s"
