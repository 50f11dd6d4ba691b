"""Servers that answer as a test wants, and transports that may reach them."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport
from tests.connectors.scripted_http import Answer, RawAnswer, Request, ScriptedServer, scripted_server

HEAD = b"HTTP/1.1 200 OK\r\n"
SECRET = "a-very-secret-token"

Script = Callable[[Callable[[Request], Answer | RawAnswer]], ScriptedServer]


@pytest.fixture
def serve() -> Iterator[Script]:
    """Starts servers: `serve(answer)`."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(scripted_server(answer))


def loopback_transport(
    seconds: float = 5, networks: tuple[str, ...] = ("127.0.0.0/8",), **options: Any
) -> GuardedTransport:
    """A transport that may reach loopback, or what `networks` say."""
    return GuardedTransport(NetworkPolicy(networks, Path("/nonexistent")), seconds, **options)


def sending(*parts: bytes, every: float = 0.0) -> RawAnswer:
    """Writes the parts, with a pause after each."""

    def send(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(every)

    return send
