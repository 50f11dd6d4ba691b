"""Resolving, checking and connecting: the checked address is the connected one."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import Misconfigured, Transient, Transport
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport

LOOPBACK = ("127.0.0.1/32",)


def _transport(*networks: str, seconds: float = 5, **options: Any) -> GuardedTransport:
    return GuardedTransport(NetworkPolicy(networks, Path("/nonexistent")), seconds, **options)


class Resolver:
    """Answers each question with the next of its answers, and the last one ever after."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in answer
        ]


@contextmanager
def listening(host: str, port: int = 0) -> Iterator[tuple[int, list[Any]]]:
    """A socket that takes connections; its port and who came."""
    came: list[Any] = []
    with socket.create_server((host, port)) as server:
        server.settimeout(0.05)
        stopped = threading.Event()

        def accept() -> None:
            while not stopped.is_set():
                try:
                    came.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        stopped.set()
        thread.join()
    for connection, _ in came:
        connection.close()


def test_it_is_a_transport() -> None:
    transport: Transport = _transport()
    assert transport.remaining() > 0


class TestRebinding:
    """A name that points to a permitted address when checked and elsewhere a moment later."""

    def test_the_checked_address_is_the_connected_one(self) -> None:
        resolver = Resolver(("127.0.0.1",), ("127.0.0.2",))
        with listening("127.0.0.1") as (port, wanted), listening("127.0.0.2", port) as (_, trap):
            with _transport(*LOOPBACK, resolver=resolver).connect("rebind.test", port) as connected:
                assert connected.getpeername() == ("127.0.0.1", port)
            time.sleep(0.1)
            assert len(wanted) == 1
            assert trap == []
        assert resolver.asked == 1

    def test_every_connection_is_checked_anew(self) -> None:
        resolver = Resolver(("127.0.0.1",), ("127.0.0.2",))
        with listening("127.0.0.1") as (port, _), listening("127.0.0.2", port) as (_, trap):
            transport = _transport(*LOOPBACK, resolver=resolver)
            transport.connect("rebind.test", port).close()
            with pytest.raises(Misconfigured, match=r"rebind\.test"):
                transport.connect("rebind.test", port)
            time.sleep(0.1)
            assert trap == []

    def test_http_is_pinned_too(self) -> None:
        resolver = Resolver(("127.0.0.1",), ("127.0.0.2",))
        with listening("127.0.0.1") as (port, wanted), listening("127.0.0.2", port) as (_, trap):
            client = _transport(*LOOPBACK, seconds=0.5, resolver=resolver).http(
                f"http://rebind.test:{port}", headers={}
            )
            with pytest.raises(Transient):
                client.request("GET", "/")
            assert len(wanted) == 1
            assert trap == []
        assert resolver.asked == 1

    def test_the_resolved_address_is_the_checked_one(self) -> None:
        resolver = Resolver(("10.0.0.1", "127.0.0.1"), ("127.0.0.2",))
        assert _transport(*LOOPBACK, resolver=resolver).resolve("rebind.test", 80) == "127.0.0.1"
        assert resolver.asked == 1


class TestConnecting:
    """What cannot be reached, and what must not be."""

    def test_a_refused_address_is_never_connected_to(self) -> None:
        with listening("127.0.0.1") as (port, came):
            with pytest.raises(Misconfigured, match="ALLOWED_NETWORKS"):
                _transport().connect("localhost", port)
            time.sleep(0.1)
            assert came == []

    @pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "fd00:ec2::254"])
    def test_metadata_is_refused_even_when_everything_is_allowed(self, host: str) -> None:
        with pytest.raises(Misconfigured):
            _transport("0.0.0.0/0", "::/0").connect(host, 80)

    def test_permitted_addresses_are_tried_in_turn(self) -> None:
        with listening("127.0.0.1") as (port, _):
            resolver = Resolver(("127.0.0.3", "10.0.0.1", "127.0.0.1"))
            with _transport("127.0.0.0/8", resolver=resolver).connect("several.test", port) as connected:
                assert connected.getpeername()[0] == "127.0.0.1"

    def test_closed_and_silent_ports_look_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.spi.guarded_transport.CONNECT_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            waiting = [socket.socket() for _ in range(3)]
            for each in waiting:
                each.settimeout(0)
                each.connect_ex(("127.0.0.1", port))
            with pytest.raises(Transient) as silent:
                _transport(*LOOPBACK).connect("127.0.0.1", port)
            for each in waiting:
                each.close()
        with pytest.raises(Transient) as closed:
            _transport(*LOOPBACK).connect("127.0.0.1", port)
        assert str(silent.value) == str(closed.value)
        assert (silent.value.detail, silent.value.facts) == (closed.value.detail, closed.value.facts)

    def test_a_connected_socket_blocks_as_client_libraries_expect(self) -> None:
        with listening("127.0.0.1") as (port, _), _transport(*LOOPBACK).connect("127.0.0.1", port) as connected:
            assert connected.gettimeout() is None

    def test_a_name_that_does_not_resolve_now_is_transient(self) -> None:
        def failing(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")

        with pytest.raises(Transient, match=r"nowhere\.test"):
            _transport(resolver=failing).resolve("nowhere.test", 80)

    @pytest.mark.parametrize(("host", "port"), [("a" * 70 + ".test", 80), ("localhost", 70000)])
    def test_what_cannot_be_a_host_or_port_is_misconfigured(self, host: str, port: int) -> None:
        with pytest.raises(Misconfigured):
            _transport("0.0.0.0/0").connect(host, port)


class TestDeadline:
    """Nothing starts once the time of the operation is used up."""

    def test_nothing_starts_late(self) -> None:
        transport = _transport(*LOOPBACK, seconds=0.0)
        with listening("127.0.0.1") as (port, came):
            for call in (transport.remaining, lambda: transport.connect("127.0.0.1", port)):
                with pytest.raises(Transient, match="time"):
                    call()
            assert came == []

    def test_a_slow_resolver_does_not_lead_to_a_late_connection(self) -> None:
        def slow(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
            time.sleep(0.3)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        with listening("127.0.0.1") as (port, came):
            with pytest.raises(Transient):
                _transport(*LOOPBACK, seconds=0.2, resolver=slow).connect("slow.test", port)
            time.sleep(0.1)
            assert came == []

    def test_the_next_operation_has_its_own_time(self) -> None:
        transport = _transport(seconds=0.0)
        transport.start_operation(5)
        assert 4 < transport.remaining() <= 5


class TestTlsContext:
    """Certificates are always verified."""

    def test_it_verifies_and_refuses_old_protocols(self) -> None:
        context = _transport().tls_context()
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2

    @pytest.mark.parametrize(
        "text", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "ž"]
    )
    def test_what_is_no_certificate_is_misconfigured(self, text: str) -> None:
        with pytest.raises(Misconfigured, match="CA certificate"):
            _transport().tls_context(text)


def test_database_paths_follow_the_policy(tmp_path: Path) -> None:
    transport = GuardedTransport(NetworkPolicy((), tmp_path), 5)
    assert transport.database_path("x.db") == tmp_path / "x.db"
    with pytest.raises(Misconfigured):
        transport.database_path("/etc/passwd")
