"""What one process of a test run makes and the others take: making it takes seconds."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

_VARIABLE = "PORTAL_TEST_RUN_FOLDER"
# The process that starts the others imports this first; they find its folder in their environment.
if _VARIABLE not in os.environ:
    os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="portal-test-run-")
    atexit.register(shutil.rmtree, os.environ[_VARIABLE], ignore_errors=True)


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The path of what `make` left at the path it was given, in whichever process of this run was the first to ask.

    The others wait until it is there. It is gone at the end of the run.
    """
    folder = Path(os.environ[_VARIABLE])
    path = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            being_made = folder / f"{name}.being-made"
            make(being_made)
            being_made.rename(path)
    return path
