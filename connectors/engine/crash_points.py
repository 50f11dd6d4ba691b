"""Points at which a test lets this process die, to prove that dying there loses nothing. A test hook: inert in
production.

`PORTAL_CRASH_AT` names the point (`after_claim`, `before_call`, `during_call`, `after_call`, `before_finish`), and
`PORTAL_CRASH_MARKER` a file: it is made when the process dies, and while it is there nothing dies, so that the worker
that is started in its place survives. Calls are those that write.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POINT = os.environ.get("PORTAL_CRASH_AT", "")
_MARKER = os.environ.get("PORTAL_CRASH_MARKER", "")
_INTO_THE_CALL_SECONDS = 0.05


def reach(point: str) -> None:
    """Die here if this is the point a test has named."""
    if point != _POINT or not _MARKER:
        return
    try:
        Path(_MARKER).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def around_call() -> Iterator[None]:
    """The points before, during and after a call that writes."""
    reach("before_call")
    timer = threading.Timer(_INTO_THE_CALL_SECONDS, reach, ("during_call",)) if _POINT == "during_call" else None
    if timer:
        timer.start()
    try:
        yield
    finally:
        if timer:
            timer.cancel()
    reach("after_call")
