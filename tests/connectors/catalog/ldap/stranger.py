"""A server that is not what it should be: writes down what it is sent and answers as told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

START_TLS_REFUSED = bytes.fromhex("300c02010178070a013504000400")
START_TLS_GRANTED = bytes.fromhex("300c02010178070a010004000400")
BIND_GRANTED = bytes.fromhex("300c02010161070a010004000400")
"""Whole LDAP messages with id 1: ExtendedResponse unwillingToPerform and success, BindResponse success."""


@dataclass
class Stranger:
    """What was received over all connections, in the clear or after TLS."""

    port: int
    received: bytearray = field(default_factory=bytearray)


Answer = Callable[[socket.socket, bytes], socket.socket]


@contextmanager
def stranger(answer: Answer, *, first: ssl.SSLContext | None = None) -> Iterator[Stranger]:
    """A server on loopback.

    Args:
        answer: gets the connection and each chunk received; returns the connection to go on with.
        first: TLS from the first byte on.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen = Stranger(listener.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with suppress(OSError):
                if first is not None:
                    connection = first.wrap_socket(connection, server_side=True)
                with connection:
                    while chunk := connection.recv(4096):
                        seen.received += chunk
                        connection = answer(connection, chunk)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield seen
        listener.shutdown(socket.SHUT_RDWR)
