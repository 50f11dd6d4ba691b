"""Connections that break, fall silent, or were closed while nobody looked."""

import threading
import time
from collections.abc import Callable

import pytest

from connectors.spi import (
    Ambiguous,
    Delta,
    Equals,
    Misconfigured,
    ObjectClass,
    Transient,
)
from tests.connectors.catalog.ldap.conftest import Connect
from tests.contracts.subjects.ldap import user
from tests.contracts.transport import loopback_transport
from tests.servers.proxy import FlakyProxy
from tests.servers.slapd import Slapd

USER = ObjectClass.USER
ProxyFactory = Callable[[str, int], FlakyProxy]
PLAIN_AND_ENCRYPTED = pytest.mark.parametrize("security", ["plain", "starttls"])


def test_a_directory_that_is_down(slapd: Slapd, connect: Connect) -> None:
    slapd.stop()
    with pytest.raises(Transient):
        connect()


def test_a_wrong_password(connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="password") as refusal:
        connect(bind_password="wrong-horse")
    assert "wrong-horse" not in f"{refusal.value} {refusal.value.detail}"


@PLAIN_AND_ENCRYPTED
def test_a_connection_closed_while_idle_is_made_again(
    slapd: Slapd, connect: Connect, flaky_proxy: ProxyFactory, security: str
) -> None:
    proxy = flaky_proxy("127.0.0.1", slapd.port)
    connector = connect(port=proxy.port, security=security)
    item = connector.create(USER, user("ada"))
    for attempt, call in enumerate(
        (
            lambda: connector.get(USER, item.remote_id),
            lambda: connector.search(USER, Equals("uid", "ada")).items[0],
            lambda: connector.update(USER, item.remote_id, Delta(replace={"title": ("Countess",)})),
        ),
        start=2,
    ):
        proxy.mode = "down"
        time.sleep(0.3)
        proxy.mode = "pass"
        assert call().remote_id == item.remote_id
        assert proxy.connections == attempt


def test_a_restarted_directory_is_used_again(slapd: Slapd, connect: Connect) -> None:
    connector = connect()
    item = connector.create(USER, user("ada"))
    slapd.stop()
    with pytest.raises(Transient):
        connector.get(USER, item.remote_id)
    slapd.start()
    assert connector.get(USER, item.remote_id) == item


@pytest.mark.parametrize("operation", ["create", "update", "rename", "delete"])
def test_a_lost_answer_to_a_write_is_ambiguous(
    slapd: Slapd, connect: Connect, flaky_proxy: ProxyFactory, operation: str
) -> None:
    proxy = flaky_proxy("127.0.0.1", slapd.port)
    connector = connect(port=proxy.port, security="plain")
    item = connector.create(USER, user("ada"))
    proxy.mode = "commit_then_reset"
    calls: dict[str, tuple[bytes, Callable[[], object]]] = {
        "create": (b"lovelace", lambda: connector.create(USER, user("lovelace"))),
        "update": (
            b"Countess",
            lambda: connector.update(USER, item.remote_id, Delta(replace={"title": ("Countess",)})),
        ),
        "rename": (
            b"uid=lovelace",
            lambda: connector.update(USER, item.remote_id, Delta(replace={"uid": ("lovelace",)})),
        ),
        "delete": (b"uid=ada", lambda: connector.delete(USER, item.remote_id)),
    }
    proxy.trigger, call = calls[operation]
    with pytest.raises(Ambiguous):
        call()
    assert proxy.cuts == 1
    proxy.mode = "pass"
    names = {entry["uid"][0] for entry in slapd.entries(slapd.people_dn).values()}
    expected = {"create": {b"ada", b"lovelace"}, "update": {b"ada"}, "rename": {b"lovelace"}, "delete": set()}
    assert names == expected[operation]


def test_a_lost_answer_to_a_read_is_asked_for_again(slapd: Slapd, connect: Connect, flaky_proxy: ProxyFactory) -> None:
    proxy = flaky_proxy("127.0.0.1", slapd.port)
    connector = connect(port=proxy.port, security="plain")
    item = connector.create(USER, user("ada"))
    proxy.trigger, proxy.cuts_left, proxy.mode = item.remote_id.encode(), 1, "commit_then_reset"
    assert connector.get(USER, item.remote_id) == item
    assert proxy.cuts == 1


@PLAIN_AND_ENCRYPTED
def test_silence_ends_with_the_deadline(
    slapd: Slapd, connect: Connect, flaky_proxy: ProxyFactory, security: str
) -> None:
    proxy = flaky_proxy("127.0.0.1", slapd.port)
    transport = loopback_transport()
    connector = connect(transport, port=proxy.port, security=security)
    item = connector.create(USER, user("ada"))
    proxy.mode = "blackhole"
    for call, error in (
        (lambda: connector.update(USER, item.remote_id, Delta(replace={"title": ("x",)})), Ambiguous),
        (lambda: connector.get(USER, item.remote_id), Transient),
    ):
        transport.start_operation(0.5)
        started = time.monotonic()
        with pytest.raises(error):
            call()
        assert time.monotonic() - started < 3


def test_nothing_is_sent_after_the_deadline(slapd: Slapd, connect: Connect) -> None:
    transport = loopback_transport()
    connector = connect(transport)
    transport.start_operation(0.01)
    time.sleep(0.05)
    with pytest.raises(Transient):
        connector.create(USER, user("late"))
    assert slapd.entries(slapd.people_dn) == {}


def test_many_connections_leave_no_threads_behind(connect: Connect) -> None:
    def relays() -> int:
        return sum(thread.name == "ldap-tls" for thread in threading.enumerate())

    before = relays()
    for _ in range(5):
        connect().close()
    for _ in range(50):
        if relays() <= before:
            break
        time.sleep(0.05)
    assert relays() <= before
