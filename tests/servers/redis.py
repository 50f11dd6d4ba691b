"""A private Redis that can be killed and comes back empty."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.servers.processes import ServerProcess, free_port, installed, temporary_folder


class RedisServer:
    """A Redis without persistence: whatever it held is gone when it ends."""

    def __init__(self, folder: Path) -> None:
        """Describe the server; nothing runs before `start`."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        program = installed("redis-server", "redis-server")
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        command = [program, "--port", str(self.port), *options, "--dir", folder]
        self._process = ServerProcess(command, folder / "log", cwd=folder)

    def start(self) -> None:
        """Start, empty, on the same port as before."""
        self._process.start(self._answers)

    def stop(self) -> None:
        """Stop in good order."""
        self._process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """Stop with SIGKILL."""
        self._process.stop(signal.SIGKILL)

    def ensure(self) -> None:
        """Start if a test left the server stopped."""
        if not self._process.running():
            self.start()

    def client(self) -> redis.Redis:
        """A client of this server."""
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError), self.client() as client:
            return bool(client.ping())
        return False


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A running server, stopped afterwards."""
    with temporary_folder("redis") as folder:
        server = RedisServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
