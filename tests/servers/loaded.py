"""Processes of an installation that need not load the portal: children of one that has (see `loaded_process`)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.processes import ServerProcess, die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.01
CRASH_VARIABLES = {"PORTAL_CRASH_AT", "PORTAL_CRASH_MARKER"}


class AdoptedProcess:
    """A child that another process had for this one, with what `ServerProcess` uses of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        """Take over this child."""
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, after so many seconds.
        """
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(LOOK_SECONDS)
        return status

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class LoadedPortal:
    """A process that has loaded the portal with this environment, and waits for whom to be the parent of."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it. Orphans of this process's descendants are its own children from now on."""
        self.environment = dict(environment)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.loaded_process"],
            cwd=ROOT,
            env=self.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether a child of this one can have that environment: it may name where it crashes."""
        return {name for name, _ in environment.items() ^ self.environment.items()} <= CRASH_VARIABLES

    def child(
        self, arguments: Sequence[str], reads: str | Path, writes: str | Path, further: Mapping[str, str] | None = None
    ) -> AdoptedProcess:
        """A new process that is `manage.py` with these arguments, or one that answers when there are none.

        Raises:
            RuntimeError: the portal cannot be loaded with this environment.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps([list(arguments), dict(further or {}), str(reads), str(writes)])}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the portal cannot be loaded with its environment")
        return AdoptedProcess(int(answer))

    def stop(self) -> None:
        """End it; its children go on."""
        self._process.kill()
        self._process.communicate()


class ForkedProcess(ServerProcess):
    """A process of the portal that did not load it itself."""

    def __init__(self, loaded: LoadedPortal, name: str, log: Path, environment: Mapping[str, str]) -> None:
        """Describe the process; nothing runs before `start`. The environment is one that suits."""
        super().__init__([name], log, environment=environment)
        self._loaded = loaded

    def _spawn(self) -> AdoptedProcess:
        self.log.touch()
        further = dict((self.environment or {}).items() - self._loaded.environment.items())
        return self._loaded.child(self.command, os.devnull, self.log, further)


class AnsweringProcess:
    """A process that runs one management command after the other."""

    def __init__(self, loaded: LoadedPortal, folder: Path) -> None:
        """Start it, with two named pipes in this folder."""
        questions, answers = folder / "questions", folder / "answers"
        for path in (questions, answers):
            path.unlink(missing_ok=True)
            os.mkfifo(path)
        self._process = loaded.child([], questions, answers)
        # In this order, which is the child's: each end waits for the other.
        self._questions, self._answers = questions.open("w"), answers.open()

    def ask(self, arguments: Sequence[str]) -> dict[str, Any]:
        """Run a command: what it `printed`, or its `error`.

        Raises:
            AssertionError: the process has ended.
        """
        self._questions.write(f"{json.dumps(arguments)}\n")
        self._questions.flush()
        line = self._answers.readline()
        assert line, f"the process ended at manage.py {' '.join(arguments)}"
        return dict(json.loads(line))

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()
        self._answers.close()
