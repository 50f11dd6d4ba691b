"""A TCP proxy in front of a real server that loses, delays and cuts as told."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Mode = Literal["pass", "down", "blackhole", "reset", "commit_then_reset"]
CHUNK = 65536
POLL_SECONDS = 0.1


class FlakyProxy:
    """Forwards to one server. `mode` applies to every connection that is made or used from then on.

    - `pass`: forward.
    - `down`: nothing listens, connections are refused.
    - `blackhole`: connections are accepted and never answered.
    - `reset`: connections are reset before anything reaches the server.
    - `commit_then_reset`: the request reaches the server; at the first byte of its answer the client's connection is
      reset, so that the client cannot know that the server has committed.

    `delay` seconds pass before each part of an answer. `commit_then_reset` strikes only at answers to a request that
    contains `trigger` (searches and binds before it pass), and at most `cuts_left` times.
    """

    def __init__(self, host: str, port: int) -> None:
        """Reserve a port for the proxy of `host`:`port`; `open` listens."""
        self.target = (host, port)
        self.delay = 0.0
        self.trigger = b""
        self.cuts_left = 1_000_000
        self.connections = 0
        self.cuts = 0
        self._mode: Mode = "pass"
        self._closed = threading.Event()
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self.port = 0
        self._listen()

    @property
    def mode(self) -> Mode:
        """What happens to connections now."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "down":
            self._stop_listening()
        elif self._listener is None:
            self._listen()

    def close(self) -> None:
        """Stop listening and drop every connection."""
        self._closed.set()
        self._stop_listening()
        for thread in self._threads:
            thread.join(2)

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._spawn(self._accept, listener)

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closed.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            while self._mode == "blackhole" and not self._closed.is_set():
                time.sleep(POLL_SECONDS)
            if self._mode == "reset":
                self._reset(client)
                return
            try:
                upstream = socket.create_connection(self.target, timeout=5)
            except OSError:
                self._reset(client)
                return
            with upstream, contextlib.suppress(OSError):
                self._pump(client, upstream)

    def _pump(self, client: socket.socket, upstream: socket.socket) -> None:
        armed = False
        while not self._closed.is_set():
            readable, _, _ = select.select([client, upstream], [], [], POLL_SECONDS)
            if self._mode in {"down", "reset"}:
                return self._reset(client)
            if self._mode == "blackhole":
                continue
            if client in readable:
                request = client.recv(CHUNK)
                if not request:
                    return None
                armed = armed or self.trigger in request  # a request may come in several parts
                upstream.sendall(request)
            if upstream in readable:
                answer = upstream.recv(CHUNK)
                if armed and self._mode == "commit_then_reset" and self.cuts_left > 0:
                    self.cuts_left -= 1
                    return self._reset(client)
                if not answer:
                    return None
                time.sleep(self.delay)
                client.sendall(answer)
                armed = False
        return None

    def _reset(self, client: socket.socket) -> None:
        """Close with RST instead of FIN."""
        self.cuts += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


@contextmanager
def running_proxy(host: str, port: int) -> Iterator[FlakyProxy]:
    """A listening proxy, closed afterwards."""
    proxy = FlakyProxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
