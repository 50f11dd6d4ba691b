"""The portal itself, as real processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.servers.loaded import AnsweringProcess, ForkedProcess, LoadedPortal
from tests.servers.made_once import made_once
from tests.servers.postgresql import dump, restore
from tests.servers.processes import ServerProcess, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND_SECONDS = 120
ASK_SECONDS = 0.2
"""Between two questions of the same: asking all the time would slow down what is waited for."""
FORKED = {"web", "worker"}
ANNOUNCEMENT = "portal is ready"
# The shipped times make a test of failures slow; these keep the same order among themselves.
FAST = {
    "LEASE_SECONDS": "3",
    "POLL_SECONDS": "0.2",
    "CALL_DEADLINE_SECONDS": "2",
    "BACKOFF_BASE_SECONDS": "0.2",
    "BREAKER_OPEN_SECONDS": "1",
}


class Portal:
    """One installation: a data folder, an environment, and the processes a test has started on it."""

    def __init__(self, folder: Path, environment: dict[str, str], *, fast: bool = True, apart: bool = False) -> None:
        """Choose a port and an environment; nothing runs before `prepare` and `start`.

        `apart`: every process loads the portal by itself, as in production; otherwise those do that start others.
        """
        self.folder = folder
        self.port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "DJANGO_SETTINGS_MODULE": "provisioning_portal.settings",
            "DATA_DIR": str(folder / "data"),
            "PORT": str(self.port),
            "DEMO_DATA": "false",
            "PYTHONUNBUFFERED": "1",
            **(FAST if fast else {}),
            **environment,
        }
        self.user_name = ""
        self.password = ""
        self._processes: dict[str, ServerProcess] = {}
        self._apart = apart
        self._loaded: LoadedPortal | None = None
        self._answering: AnsweringProcess | None = None

    def prepare(self) -> None:
        """Take migrations and make the administrator, whose `user_name` and `password` are known afterwards.

        Only the first of a test run does, on either kind of database; the others get a copy of what it has made.
        """
        if "DATABASE_URL" in self.environment:
            prepared = self._prepared_database(self.environment["DATABASE_URL"])
        else:
            prepared = made_once("prepared-folder", _prepare_folder)
            shutil.copytree(prepared / "data", self.environment["DATA_DIR"])
        self.read_credentials((prepared / "printed").read_text())

    def _prepared_database(self, url: str) -> Path:
        prepared_here = False

        def prepare(folder: Path) -> None:
            nonlocal prepared_here
            prepared_here = True
            folder.mkdir()
            (folder / "printed").write_text(self.run("prepare").stdout)
            dump(url, folder / "dump")

        prepared = made_once("prepared-database", prepare)
        if not prepared_here:
            restore(url, prepared / "dump")
        return prepared

    def read_credentials(self, output: str) -> None:
        """Take the administrator's name and one-time password from what the first start printed."""
        found = re.search(r"administrator: (\S+)\s+one-time password: (\S+)", output)
        if found:
            self.user_name, self.password = found.groups()

    def start(self, *names: str) -> None:
        """Start processes: `serve`, `web`, `beat`, or any number of workers (`worker`, `worker-2`, ...)."""
        for name in names:
            process = self._described(name.partition("-")[0], self.folder / f"{name}.log")
            self._processes[name] = process
            process.start(self._ready(name, announced=process.output().count(ANNOUNCEMENT)))

    def _described(self, command: str, log: Path) -> ServerProcess:
        if command in FORKED and not self._apart and self._load().suits(self.environment):
            return ForkedProcess(self._load(), command, log, self.environment)
        return ServerProcess([sys.executable, ROOT / "manage.py", command], log, environment=self.environment, cwd=ROOT)

    def _load(self) -> LoadedPortal:
        if self._loaded is None:
            self._loaded = LoadedPortal(self.environment)
        return self._loaded

    def _ready(self, name: str, announced: int) -> Callable[[], bool]:
        if name == "web":
            return self.healthy
        if name == "serve":
            return lambda: self.log("serve").count(ANNOUNCEMENT) > announced
        return lambda: True

    def healthy(self) -> bool:
        """Whether the web process answers."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.base_url}/healthz", timeout=2).is_success
        return False

    def pid(self, name: str) -> int:
        """The process id of a started process."""
        return self._processes[name].pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> int | None:
        """End a process by a signal and wait for it; its exit status."""
        return self._processes[name].stop(number, seconds=30)

    def stop(self) -> None:
        """End every process in good order."""
        if self._answering is not None:
            self._answering.stop()
            self._answering = None
        if self._loaded is not None:
            self._loaded.stop()
            self._loaded = None
        for process in self._processes.values():
            if process.running():
                process.send(signal.SIGTERM)
        for process in self._processes.values():
            process.wait(seconds=15)

    def log(self, name: str) -> str:
        """What a process has written."""
        return self._processes[name].output()

    def run(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a management command on this installation.

        Raises:
            AssertionError: it failed, and `check` was asked for; the text has its output.
        """
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**self.environment, **environment},
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done

    def json(self, *arguments: str) -> Any:
        """Run a management command with --json like `ask`, and read what it prints."""
        return json.loads(self.ask(*arguments, "--json"))

    def ask(self, *arguments: str) -> str:
        """Run a management command in a process that stays for the next one; what it printed.

        Raises:
            AssertionError: it was refused; the text says why.
        """
        if self._answering is None:
            self._answering = AnsweringProcess(self._load(), self.folder)
        answer = self._answering.ask(arguments)
        assert "error" not in answer, f"manage.py {' '.join(arguments)} was refused: {answer['error']}"
        return str(answer["printed"])

    def wait(self, arguments: Sequence[str], condition: Any, seconds: float = 30) -> Any:
        """Run a command with --json again and again until `condition` holds for its output; the output."""
        output: Any = None

        def met() -> bool:
            nonlocal output
            time.sleep(ASK_SECONDS)
            output = self.json(*arguments)
            return bool(condition(output))

        wait_until(met, seconds, f"{' '.join(arguments)}: what is awaited")
        return output


def _prepare_folder(folder: Path) -> None:
    """Leave a data folder as `prepare` makes it, and what `prepare` printed."""
    folder.mkdir()
    (folder / "printed").write_text(Portal(folder, {}).run("prepare").stdout)
