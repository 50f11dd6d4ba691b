"""A real third-party SCIM 2.0 server: scim2-server, in memory."""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.servers.processes import ServerProcess, free_port, temporary_folder


class ScimServer:
    """A SCIM server that forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        """Describe the server; nothing runs before `start`."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v2"
        self.token = secrets.token_urlsafe(24)
        program = Path(sys.executable).parent / "scim2-server"
        command = [program, "--hostname", "127.0.0.1", "--port", str(self.port), f"--bearer-token={self.token}"]
        self._process = ServerProcess(command, folder / "log", cwd=folder)

    def start(self) -> None:
        """Start, empty, on the same port and with the same token as before."""
        self._process.start(self._answers)

    def stop(self) -> None:
        """Stop; all resources are gone."""
        self._process.stop(signal.SIGTERM)

    def ensure(self) -> None:
        """Start if a test left the server stopped."""
        if not self._process.running():
            self.start()

    def client(self) -> httpx.Client:
        """An HTTP client with the token, for looking at what the portal wrote."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/scim+json"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=10)

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """All `Users` or `Groups` the server holds."""
        found: list[dict[str, Any]] = []
        with self.client() as client:
            while True:
                page = client.get(f"/{kind}", params={"startIndex": len(found) + 1, "count": 100}).raise_for_status()
                body = page.json()
                found += body.get("Resources", [])
                if len(found) >= body["totalResults"]:
                    return found

    def reset(self) -> None:
        """Delete every user and group."""
        with self.client() as client:
            for kind in ("Groups", "Users"):
                for resource in self.resources(kind):
                    client.delete(f"/{kind}/{resource['id']}")

    def log(self) -> str:
        """What the server has written, one line a request."""
        return self._process.output()

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError), self.client() as client:
            return client.get("/ServiceProviderConfig").is_success
        return False


@contextmanager
def running_scim() -> Iterator[ScimServer]:
    """A running server, stopped afterwards."""
    with temporary_folder("scim") as folder:
        server = ScimServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
