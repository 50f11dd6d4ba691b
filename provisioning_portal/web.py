"""The web process: Granian serving the WSGI application."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from provisioning_portal.processes import die_with_parent
from provisioning_portal.wsgi import application

# After this many seconds a request is cut off when the portal stops.
STOP_SECONDS = 5


def load(parent: int) -> Any:
    """The application, in a worker process of Granian that is not to outlive its `parent`."""
    die_with_parent(parent)
    return application


def serve() -> None:
    """Serve until SIGINT or SIGTERM."""
    server = Granian(
        "provisioning_portal.wsgi:application",
        address=settings.PORTAL_WEB_HOST,
        port=settings.PORTAL_WEB_PORT,
        interface=Interfaces.WSGI,
        workers=settings.PORTAL_WEB_WORKERS,
        blocking_threads=settings.PORTAL_WEB_THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=partial(load, os.getpid()), wrap_loader=False)
