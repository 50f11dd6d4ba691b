"""What all test servers share: free ports, temporary folders, waiting, and stopping without leftovers."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
# Below the ports that the kernel gives to clients (32768 and up), so that nobody takes the port of a server that a test
# has stopped for a while.
PORTS = range(20_000, 32_000)
_reservations: list[socket.socket] = []
_libc = ctypes.CDLL(None)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, and that no other test process is given as long as this one runs.

    Raises:
        RuntimeError: none is left.
    """
    first = secrets.randbelow(len(PORTS))
    for number in range(len(PORTS)):
        port = PORTS[(first + number) % len(PORTS)]
        if _reserved(port) and _unused(host, port):
            return port
    raise RuntimeError(f"no free port in {PORTS}")


def _reserved(port: int) -> bool:
    """Whether this process got hold of the port's name: abstract sockets go with the process that bound them."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0portal-test-port-{port}")
    except OSError:
        name.close()
        return False
    _reservations.append(name)
    return True


def _unused(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def installed(program: str, package: str, *folders: str) -> str:
    """The path of a program.

    Raises:
        RuntimeError: it is not installed; the text says which package to install.
    """
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders]))
    if path is None:
        raise RuntimeError(f"{program} is not installed: apt-get install -y --no-install-recommends {package}")
    return path


def wait_until(condition: Callable[[], bool], seconds: float = START_SECONDS, what: str = "the server") -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: it still does not after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not there after {seconds} s")
        time.sleep(0.02)


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def temporary_folder(name: str, owner: str | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards; as root it belongs to `owner`."""
    folder = Path(tempfile.mkdtemp(prefix=f"portal-test-{name}-"))
    try:
        if owner and os.geteuid() == 0:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_as(account: str | None) -> dict[str, Any]:
    """Arguments for subprocess that run a program as `account`, when the tests run as root."""
    if account is None or os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends; to be called in the child."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class ServerProcess:
    """One child process with its output in a file. It dies with the test run, however that ends."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        account: str | None = None,
        cwd: str | Path = "/",
    ) -> None:
        """Describe the process; `account` is the user it runs as when the tests run as root."""
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = environment
        self.account = account
        self.cwd = cwd
        self._process: Any = None

    @property
    def pid(self) -> int:
        """The process id of the running process."""
        if self._process is None:
            raise RuntimeError(f"{self.command[0]} is not running")
        return int(self._process.pid)

    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Start and wait until `ready` holds, at most so many seconds.

        Raises:
            RuntimeError: the process ended first; the text has the end of its output.
        """
        self._process = self._spawn()
        wait_until(lambda: not self.running() or ready(), seconds, what=self.command[0])
        if not self.running():
            raise RuntimeError(f"{self.command[0]} ended at once:\n{self.output()[-4000:]}")

    def _spawn(self) -> Any:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                env=dict(self.environment) if self.environment is not None else None,
                preexec_fn=die_with_parent,
                start_new_session=True,
                **run_as(self.account),
            )

    def send(self, number: int) -> None:
        """Send a signal to the running process."""
        os.kill(self.pid, number)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 10) -> int | None:
        """Send a signal and wait for the end, SIGKILL after `seconds`; its exit status, None when it never ran."""
        if self.running():
            self.send(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 10) -> int | None:
        """Wait for the end, SIGKILL after `seconds`; its exit status, None when it never ran."""
        if self._process is None:
            return None
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process = None
        return int(status)

    def output(self) -> str:
        """Everything the process has written so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""
