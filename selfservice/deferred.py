"""Work that must not show in the time an answer takes (mail, notes of failed sign-ins), done after it by a few
threads.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import ParamSpec

from django.db import close_old_connections, connection

P = ParamSpec("P")
log = logging.getLogger(__name__)
_executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="deferred")
_pending: set[Future[None]] = set()


def run_later(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `function` soon, outside this request.

    A failure is logged; what must not be lost belongs in a row instead.
    """
    future = _executor.submit(lambda: _run(function, *args, **kwargs))
    _pending.add(future)
    future.add_done_callback(_pending.discard)


def finish(seconds: float) -> bool:
    """Wait until nothing is left to do, work that work asked for included; False if it took longer than this."""
    while _pending:
        if wait(set(_pending), timeout=seconds).not_done:
            return False
    return True


def _run(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    close_old_connections()
    try:
        function(*args, **kwargs)
    except Exception:
        log.exception("Deferred work failed: %s", getattr(function, "__qualname__", function))
    finally:
        connection.close()
