"""The transport the engine hands to connectors: every connection is checked, pinned, bounded in time and verified.

The name is resolved once per connection; the socket is connected to one of the very addresses that passed the policy,
so a resolver
that changes its answer between check and use (DNS rebinding) gains nothing.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from connectors.spi.addresses import NetworkPolicy, check_host
from connectors.spi.errors import Misconfigured, Transient
from connectors.spi.guarded_http import GuardedHttpClient

CONNECT_SECONDS = 3.0
"""The longest wait for one address to accept a connection."""

Resolver = Callable[..., list[tuple[Any, ...]]]
SocketT = TypeVar("SocketT", bound=socket.socket)


class GuardedTransport:
    """The transport of one connection to one connected system (implements `connectors.spi.Transport`).

    Args:
        policy: what may be reached.
        seconds: the time the operation at hand may take, from now on; `start_operation` sets it anew for the next one.
        resolver: stands in for `socket.getaddrinfo` in tests. A slow resolver cannot be interrupted; the deadline is
            checked again
            after it, so that nothing is sent late.
    """

    def __init__(
        self, policy: NetworkPolicy, seconds: float = 30.0, *, resolver: Resolver = socket.getaddrinfo
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._deadline = time.monotonic() + seconds

    def start_operation(self, seconds: float) -> None:
        """Give the next operation `seconds` from now; connections that are open stay usable."""
        self._deadline = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left of the operation's deadline (raises Transient when it has passed)."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Transient("The time for this operation is used up; it will be repeated.")
        return left

    def resolve(self, host: str, port: int) -> str:
        """The checked IP address to use for `host` (raises Misconfigured, Transient)."""
        return str(self._endpoints(host, port)[0][1][0])

    def connect(self, host: str, port: int) -> socket.socket:
        """A connected, blocking TCP socket to a checked address of `host` (raises Misconfigured, Transient)."""
        connected = self.connect_as(socket.socket, host, port)
        connected.settimeout(None)
        return connected

    def connect_as(self, socket_class: type[SocketT], host: str, port: int) -> SocketT:
        """As `connect`, with a socket of this class and a timeout set.

        Tries each permitted address in the resolver's order.
        """
        for family, endpoint in self._endpoints(host, port):
            candidate = socket_class(family, socket.SOCK_STREAM)
            try:
                candidate.settimeout(min(CONNECT_SECONDS, self.remaining()))
                candidate.connect(endpoint)
            except OSError:
                candidate.close()
            except Transient:
                candidate.close()
                raise
            else:
                return candidate
        # One text for refused, silent and unreachable, so that the portal is no port scanner.
        raise Transient(f"{host}:{port} could not be reached.")

    def tls_context(self, ca_certificate: str = "") -> ssl.SSLContext:
        """A verifying client context, TLS 1.2 or newer (raises Misconfigured: `ca_certificate` is not PEM)."""
        try:
            context = ssl.create_default_context(cadata=ca_certificate or None)
        except (ssl.SSLError, ValueError, TypeError) as error:  # TypeError: letters outside ASCII
            raise Misconfigured("The CA certificate is not a valid PEM certificate.") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def http(self, base_url: str, *, headers: Mapping[str, str], ca_certificate: str = "") -> GuardedHttpClient:
        """A keep-alive client for `base_url` (raises Misconfigured: URL, headers or certificate are unusable)."""
        return GuardedHttpClient(self, base_url, headers=headers, tls_context=partial(self.tls_context, ca_certificate))

    def database_path(self, path: str) -> Path:
        """The real path of a local database file (raises Misconfigured)."""
        return self._policy.database_path(path)

    def _endpoints(self, host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
        """The permitted endpoints of `host`, at least one."""
        check_host(host)
        if not 0 < port < 65536:
            raise Misconfigured(f"{port} is not a port.")
        self.remaining()
        try:
            answers = self._resolver(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise Transient(f"The host name {host} cannot be resolved.") from error
        except UnicodeError as error:
            raise Misconfigured("The host name is not valid.") from error
        permitted = [
            (family, endpoint)
            for family, _, _, _, endpoint in answers
            if family in (socket.AF_INET, socket.AF_INET6) and self._policy.permits(endpoint[0])
        ]
        if not permitted:
            raise Misconfigured(
                f"The portal may not connect to {host}: its address is not in the allowed networks (ALLOWED_NETWORKS)."
            )
        return permitted
