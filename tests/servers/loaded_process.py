"""A process of an installation that has loaded the portal, and has children that are its other processes.

Loading takes longer than most of what they do in a test. Nothing else happens here: no connection, no thread.

Each line it is sent is JSON: what the child is to be (the arguments of `manage.py`, or none for one that answers), its
further variables, the file it reads and the one it writes to. It answers with the child's process id. The child belongs
to the process that asks, which has declared itself the reaper of orphans.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from importlib import import_module, reload

import django

from connectors.engine import crash_points
from manage import main
from tests.servers.answering_process import answer

PR_SET_PDEATHSIG = 1
CRASH_POINT = "PORTAL_CRASH_AT"
# What the web process and the worker load once they run.
LATER = ("provisioning_portal.wsgi", "provisioning_portal.urls", "provisioning_portal.due_work", "celery.apps.worker")


def _children() -> list[str]:
    """Have a child for every line; returns in the child alone, with what it is to be."""
    reaper = os.getppid()
    for line in sys.stdin:
        arguments, further, reads, writes = json.loads(line)
        told, tell = os.pipe()
        between = os.fork()
        if not between:
            child = os.fork()
            if child:
                os.write(tell, str(child).encode())
                os._exit(0)
            _settle(reaper, reads, writes)
            os.environ.update(further)
            if CRASH_POINT in further:
                reload(crash_points)
            return list(arguments)
        os.waitpid(between, 0)
        sys.stdout.write(f"{os.read(told, 20).decode()}\n")
        sys.stdout.flush()
        os.close(told)
        os.close(tell)
    sys.exit()


def _settle(reaper: int, reads: str, writes: str) -> None:
    """Be a child of the reaper, in a session of one's own, and end with it."""
    os.setsid()
    while os.getppid() != reaper:
        time.sleep(0.001)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != reaper:
        os._exit(1)
    for number, path, how in ((0, reads, os.O_RDONLY), (1, writes, os.O_WRONLY | os.O_APPEND)):
        opened = os.open(path, how)
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    django.setup()
    for module in LATER:
        import_module(module)
    chosen = _children()
    if chosen:
        os.dup2(1, 2)
        sys.argv = ["manage.py", *chosen]
        main()
    else:
        answer()
