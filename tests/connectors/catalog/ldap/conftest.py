"""Connectors on the test directory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

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
