"""Encryption: who is spoken to is proved before anything secret is said, over the address that was checked."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.catalog.ldap import LdapConfiguration, LdapConnector
from connectors.spi import Finding, Misconfigured, ObjectClass, Transient
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport
from tests.connectors.catalog.ldap.certificates import server_context
from tests.connectors.catalog.ldap.conftest import Connect
from tests.connectors.catalog.ldap.stranger import (
    BIND_GRANTED,
    START_TLS_GRANTED,
    START_TLS_REFUSED,
    stranger,
)
from tests.contracts.subjects.ldap import user
from tests.contracts.transport import loopback_transport
from tests.servers.slapd import Slapd

PASSWORD = "correct-horse-battery"
BOTH = pytest.mark.parametrize("security", ["ldaps", "starttls"])


def _port(slapd: Slapd, security: str) -> int:
    return slapd.ldaps_port if security == "ldaps" else slapd.port


def _open(port: int, *, seconds: float = 5.0, **changes: Any) -> None:
    settings = {"host": "127.0.0.1", "port": port, "bind_dn": "cn=admin,dc=test", "bind_password": PASSWORD}
    configuration = LdapConfiguration(**{**settings, "base_dn": "dc=test", **changes})
    with LdapConnector(configuration, loopback_transport(seconds)):
        raise AssertionError("a connection was made")


def _ignore(connection: socket.socket, chunk: bytes) -> socket.socket:
    return connection


def _granting(context: ssl.SSLContext, *, extra: bytes = b"") -> Callable[[socket.socket, bytes], socket.socket]:
    """Grants StartTLS, goes on in TLS, then grants everything."""

    def answer(connection: socket.socket, chunk: bytes) -> socket.socket:
        if isinstance(connection, ssl.SSLSocket):
            connection.sendall(BIND_GRANTED)
            return connection
        connection.sendall(START_TLS_GRANTED + extra)
        return context.wrap_socket(connection, server_side=True)

    return answer


@BOTH
def test_a_verified_connection_works(slapd: Slapd, connect: Connect, security: str) -> None:
    connector = connect(security=security, port=_port(slapd, security))
    item = connector.create(ObjectClass.USER, {**user("ada"), "description": ("long " * 50_000,)})
    assert connector.get(ObjectClass.USER, item.remote_id) == item


@BOTH
def test_the_name_localhost_is_verified_too(slapd: Slapd, connect: Connect, security: str) -> None:
    assert (
        connect(security=security, port=_port(slapd, security), host="localhost").search(ObjectClass.USER).items == ()
    )


@BOTH
def test_a_certificate_of_another_host_is_refused(slapd: Slapd, connect: Connect, security: str) -> None:
    def elsewhere(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    transport = GuardedTransport(NetworkPolicy(("127.0.0.0/8",), Path("/nonexistent")), resolver=elsewhere)
    with pytest.raises(Misconfigured, match="not accepted"):
        connect(transport, host="directory.example.test", security=security, port=_port(slapd, security))


@BOTH
def test_an_unknown_authority_is_refused(slapd: Slapd, connect: Connect, security: str) -> None:
    with pytest.raises(Misconfigured, match="not accepted"):
        connect(security=security, port=_port(slapd, security), ca_certificate="")


@BOTH
@pytest.mark.parametrize(("days", "trusted"), [(-1, True), (2, False)], ids=["expired", "self-signed"])
def test_a_bad_certificate_is_refused_before_the_password(
    tmp_path: Path, security: str, days: int, trusted: bool
) -> None:
    context, certificate = server_context(tmp_path, days=days)
    first = context if security == "ldaps" else None
    with stranger(_granting(context), first=first) as server:
        with pytest.raises(Misconfigured, match="not accepted"):
            _open(server.port, security=security, ca_certificate=certificate if trusted else "")
        assert PASSWORD.encode() not in server.received


@BOTH
def test_old_tls_is_refused(tmp_path: Path, security: str) -> None:
    context, certificate = server_context(tmp_path)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    first = context if security == "ldaps" else None
    with stranger(_granting(context), first=first) as server:
        with pytest.raises(Misconfigured, match="No TLS connection"):
            _open(server.port, security=security, ca_certificate=certificate)
        assert PASSWORD.encode() not in server.received


def test_refused_start_tls_ends_it_without_a_bind() -> None:
    def refuse(connection: socket.socket, chunk: bytes) -> socket.socket:
        connection.sendall(START_TLS_REFUSED)
        return connection

    with stranger(refuse) as server:
        with pytest.raises(Misconfigured, match="refuses StartTLS"):
            _open(server.port, security="starttls")
        assert b"1.3.6.1.4.1.1466.20037" in server.received
        assert PASSWORD.encode() not in server.received


def test_what_is_said_before_encryption_is_not_believed(tmp_path: Path) -> None:
    context, certificate = server_context(tmp_path)
    with stranger(_granting(context, extra=BIND_GRANTED)) as server:
        with pytest.raises(Misconfigured, match="before encryption"):
            _open(server.port, security="starttls", ca_certificate=certificate)
        assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize("noise", [b"220 mail.example.test ESMTP\r\n", b"\x00" * 100, b"0\x84\xff\xff\xff\xff"])
def test_a_server_that_is_no_directory(noise: bytes) -> None:
    def chatter(connection: socket.socket, chunk: bytes) -> socket.socket:
        connection.sendall(noise)
        return connection

    with stranger(chatter) as server:
        with pytest.raises((Misconfigured, Transient)):
            _open(server.port, security="starttls", seconds=1)
        assert PASSWORD.encode() not in server.received


@BOTH
def test_a_server_that_says_nothing_is_not_waited_for_longer_than_allowed(security: str) -> None:
    with stranger(_ignore) as server, pytest.raises(Transient):
        _open(server.port, security=security, seconds=0.3)


def test_ldaps_speaks_no_plain_ldap(slapd: Slapd) -> None:
    with stranger(_ignore) as server:
        with pytest.raises(Transient):
            _open(server.port, security="ldaps", seconds=0.3)
        assert server.received[:1] == b"\x16"
        assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize("security", ["ldaps", "starttls", "plain"])
def test_the_address_that_was_checked_is_the_one_connected_to(slapd: Slapd, connect: Connect, security: str) -> None:
    answers = iter(["127.0.0.1", *["10.255.255.1"] * 9])

    def changing(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    transport = GuardedTransport(NetworkPolicy(("127.0.0.0/8",), Path("/nonexistent")), resolver=changing)
    connector = connect(transport, host="localhost", security=security, port=_port(slapd, security))
    assert connector.search(ObjectClass.USER).items == ()


def test_addresses_that_are_not_allowed_are_not_connected_to(slapd: Slapd, connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="ALLOWED_NETWORKS"):
        connect(GuardedTransport(NetworkPolicy((), Path("/nonexistent"))))


def test_the_test_says_what_is_wrong_with_encryption(examine: Callable[..., dict[str, Finding]]) -> None:
    assert examine(ca_certificate="")["encryption"].level == "error"
    assert examine(security="ldaps")["encryption"].level == "error"
    assert examine(security="plain")["encryption"].level == "warning"
