"""How a connector reaches its system: only through the transport the engine hands to it.

The transport checks every address when it connects (link-local and metadata addresses are always refused, private and
loopback ones unless the portal's allowed networks list them), follows no redirects, caps times and sizes, and verifies
TLS.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole HTTP answer, its body within the size cap. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """Keep-alive HTTP to one origin."""

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpResponse:
        """Send one request below the base URL and return the answer, whatever its status.

        Raises:
            Transient: nothing was sent (no connection).
            Ambiguous: sent, but no whole answer came back. Safe methods raise Transient instead.
            Misconfigured: the address is refused, or the certificate is not valid.
        """
        ...

    def close(self) -> None:
        """Drop the connections."""
        ...


class Transport(Protocol):
    """What a connector may use to reach out."""

    def remaining(self) -> float:
        """Seconds left of the deadline of the operation at hand.

        Raises:
            Transient: the deadline has passed; nothing may be started any more.
        """
        ...

    def resolve(self, host: str, port: int) -> str:
        """The checked IP address to use for `host`, for client libraries that connect by themselves.

        Raises:
            Misconfigured: every address of the host is refused by the portal's network policy.
            Transient: the name cannot be resolved now.
        """
        ...

    def connect(self, host: str, port: int) -> socket.socket:
        """A connected TCP socket to a checked address of `host` (raises as `resolve`, Transient when it refuses)."""
        ...

    def tls_context(self, ca_certificate: str = "") -> ssl.SSLContext:
        """A verifying client context (TLS 1.2 or newer).

        It trusts the PEM text `ca_certificate` instead of the system's roots, if given (raises Misconfigured).
        """
        ...

    def http(self, base_url: str, *, headers: Mapping[str, str], ca_certificate: str = "") -> HttpClient:
        """A client for `base_url` that sends `headers` with every request."""
        ...

    def database_path(self, path: str) -> Path:
        """The real path of a local database file (raises Misconfigured unless it lies under the allowed folder)."""
        ...
