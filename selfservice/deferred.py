"""Work that must not show in the time an answer takes (mail, notes of failed sign-ins), done after it by a few
threads.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec

from django.db import close_old_connections, connection

P = ParamSpec("P")
log = logging.getLogger(__name__)
_executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="deferred")


def run_later(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Future[None]:
    """Call `function` soon, outside this request.

    A failure is logged; what must not be lost belongs in a row instead.
    """
    return _executor.submit(_run, function, *args, **kwargs)


def _run(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    close_old_connections()
    try:
        function(*args, **kwargs)
    except Exception:
        log.exception("Deferred work failed: %s", getattr(function, "__qualname__", function))
    finally:
        connection.close()
