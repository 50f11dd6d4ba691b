"""The supervisor behind `manage.py serve`: one command that keeps web, worker and beat running."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from types import FrameType

from django.conf import settings

from provisioning_portal.processes import SupervisedProcess, stop_all

TICK_SECONDS = 0.1
STOP_SECONDS = 10.0
READY_SECONDS = 120.0
HEALTH_TIMEOUT_SECONDS = 2.0


class PortUnavailableError(Exception):
    """Another program listens where the portal should."""


def check_port(host: str, port: int) -> None:
    """See that the web process will have its address to itself.

    Granian shares an address with whoever else asks for sharing (SO_REUSEPORT), so a second portal would not notice.

    Raises:
        PortUnavailableError: with what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise PortUnavailableError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another port: make run PORT={port + 1}"
            ) from error


def web_answers() -> bool:
    """Whether the web process answers its health address."""
    host = settings.PORTAL_WEB_HOST
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  read, not bound
    request = urllib.request.Request(
        f"http://{reachable}:{settings.PORTAL_WEB_PORT}/healthz", headers={"Host": settings.ALLOWED_HOSTS[0]}
    )
    try:
        with urllib.request.urlopen(request, timeout=HEALTH_TIMEOUT_SECONDS) as answer:  # noqa: S310  as above
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Supervisor:
    """Keeps the portal's processes alive until it is told to stop."""

    def __init__(self, names: Sequence[str] = ("web", "worker", "beat")) -> None:
        """Each name is a management command that runs one kind of process."""
        self._processes = [SupervisedProcess(name, [sys.executable, sys.argv[0], name]) for name in names]
        self._stop = threading.Event()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start all, call `on_ready` once the web answers, and return after SIGINT or SIGTERM with all stopped."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            for process in self._processes:
                process.start()
            self._await_web(on_ready)
            while not self._stop.wait(TICK_SECONDS):
                self._tend()
        finally:
            stop_all(self._processes, STOP_SECONDS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _tend(self) -> None:
        for process in self._processes:
            process.tend()

    def _await_web(self, on_ready: Callable[[], None]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._stop.wait(TICK_SECONDS):
            if web_answers():
                on_ready()
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the web process did not answer within {READY_SECONDS:.0f} s")
            self._tend()
