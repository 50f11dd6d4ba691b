"""Connectors on the test directory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import ldap
import pytest

from connectors.catalog.ldap import LdapConfiguration, LdapConnector
from connectors.spi import Finding, Transport
from tests.contracts.subjects.ldap import configuration
from tests.contracts.transport import loopback_transport
from tests.servers.slapd import Slapd

Connect = Callable[..., LdapConnector]


@pytest.fixture
def connect(slapd: Slapd) -> Iterator[Connect]:
    """Opens connectors: `connect(transport=..., **changes of the configuration)`."""
    with ExitStack() as stack:

        def opened(transport: Transport | None = None, **changes: Any) -> LdapConnector:
            settings = LdapConfiguration(**configuration(slapd, **changes))
            return stack.enter_context(LdapConnector(settings, transport or loopback_transport()))

        yield opened


@pytest.fixture
def examine(slapd: Slapd) -> Callable[..., dict[str, Finding]]:
    """Runs the online test: `examine(**changes)` gives the findings by name."""

    def tested(**changes: Any) -> dict[str, Finding]:
        connector = LdapConnector(LdapConfiguration(**configuration(slapd, **changes)), loopback_transport())
        return {finding.name: finding for finding in connector.test()}

    return tested


class Rules:
    """Access rules and limits of the running directory, changed through cn=config."""

    DATABASE = "olcDatabase={1}mdb,cn=config"

    def __init__(self, slapd: Slapd) -> None:
        self._connection = ldap.initialize(slapd.uri)
        self._connection.simple_bind_s("cn=config", "cfg")
        self._before: dict[str, list[bytes]] = {}

    def set(self, attribute: str, *values: str) -> None:
        """Set an attribute of the database's configuration until the end of the test."""
        if attribute not in self._before:
            found = self._connection.search_s(self.DATABASE, ldap.SCOPE_BASE, "(objectClass=*)", [attribute])
            self._before[attribute] = found[0][1].get(attribute, [])
        self._write(attribute, [value.encode() for value in values])

    def restore(self) -> None:
        """Put everything back."""
        for attribute, values in self._before.items():
            self._write(attribute, values)
        self._connection.unbind_s()

    def _write(self, attribute: str, values: list[bytes]) -> None:
        self._connection.modify_s(self.DATABASE, [(ldap.MOD_REPLACE, attribute, values or None)])


@pytest.fixture
def rules(slapd: Slapd) -> Iterator[Rules]:
    """Access rules and limits that end with the test."""
    changed = Rules(slapd)
    yield changed
    changed.restore()


@pytest.fixture
def service_account(slapd: Slapd) -> dict[str, str]:
    """An account that access rules and limits bind, unlike the administrator: changes of the configuration."""
    dn = f"cn=service,{slapd.base_dn}"
    entry = {
        "objectClass": [b"organizationalRole", b"simpleSecurityObject"],
        "cn": [b"service"],
        "userPassword": [b"service-secret"],
    }
    slapd.add(dn, entry)
    return {"bind_dn": dn, "bind_password": "service-secret"}
