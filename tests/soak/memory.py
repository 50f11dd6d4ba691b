"""How much memory processes take while something goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.benchmarks.load import pss_megabytes

LOOK_SECONDS = 0.5


class Peaks(dict[str, float]):
    """The most memory of each process, with its children, in MB."""

    def look(self, processes: dict[str, int]) -> None:
        """Take note of what they have now; a process that has just ended counts for nothing."""
        for name, pid in processes.items():
            try:
                self[name] = max(self.get(name, 0.0), pss_megabytes(pid))
            except (FileNotFoundError, ProcessLookupError):
                continue


@contextmanager
def watched(processes: Callable[[], dict[str, int]]) -> Iterator[Peaks]:
    """Look at these processes, by name, every half second until the block ends."""
    peaks, over = Peaks(), threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            peaks.look(processes())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()
