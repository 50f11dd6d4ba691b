"""A transport for connectors under contract: loopback only, a generous deadline."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from connectors.spi import HttpClient


class LoopbackTransport:
    """Reaches servers of the test machine without any policy; `seconds` is what is left of the deadline at any time."""

    def __init__(self, seconds: float = 20.0) -> None:
        self.seconds = seconds

    def remaining(self) -> float:
        return self.seconds

    def resolve(self, host: str, port: int) -> str:
        return "127.0.0.1"

    def connect(self, host: str, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=self.seconds)

    def tls_context(self, ca_certificate: str = "") -> ssl.SSLContext:
        return ssl.create_default_context(cadata=ca_certificate or None)

    def http(self, base_url: str, *, headers: Mapping[str, str], ca_certificate: str = "") -> HttpClient:
        raise NotImplementedError

    def database_path(self, path: str) -> Path:
        return Path(path)
