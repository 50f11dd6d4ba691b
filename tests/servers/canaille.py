"""Canaille, an identity provider by others, acting as a SCIM client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("canaille_program.py")
PYTHON = Path(sys.prefix) / "canaille" / "bin" / "python"


class Canaille:
    """A running Canaille that tells one SCIM server of its people and groups."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Speak to this process."""
        self._process = process

    def do(self, what: str, name: str, **values: Any) -> None:
        """Have it do something (`save_user`, `delete_user`, `save_group`, `delete_group`) and tell the server.

        Raises:
            AssertionError: Canaille was not content with the server's answers; the text says why.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps([what, name, values])}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"Canaille ended at {what} {name}"
        assert json.loads(answer) == [], f"{what} {name}"


@contextmanager
def running_canaille(address: str, token: str, folder: Path) -> Iterator[Canaille]:
    """Start a Canaille for the SCIM server at `address`; end it afterwards.

    Raises:
        RuntimeError: it is not installed.
    """
    if not PYTHON.exists():
        raise RuntimeError(f"Canaille is not installed: bin/install-test-canaille {PYTHON.parent.parent}")
    # -P: beside the program stands this module, whose name is Canaille's own.
    command = [PYTHON, "-P", PROGRAM, address, token]
    with (folder / "canaille.log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield Canaille(process)
        finally:
            process.kill()
            process.communicate()
