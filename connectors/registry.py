"""Which connectors there are: the built-in ones, and those that installed packages offer.

A package offers connectors as entry points of the group `provisioning_portal.connectors`, each naming a subclass of
`connectors.spi.Connector`. This is the one place where a client library may be missing: such a connector is listed as
unavailable, with what to do about it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from connectors.spi import Connector

GROUP = "provisioning_portal.connectors"
_LDAP_PACKAGES = "gcc python3-dev libldap2-dev libsasl2-dev"
# The same line as bin/install-ldap prints.
LDAP_ADVICE = f"sudo apt-get install -y {_LDAP_PACKAGES} && .venv/bin/pip install -r requirements-ldap.txt"


@dataclass(frozen=True, slots=True)
class Registration:
    """One kind of connector.

    Attributes:
        kind: the key stored with a connected system. title: its name for people.
        connector_class: None while it cannot be used.
        unavailable_reason: why, and the line that mends it; empty while it can be used.
        offered: whether forms offer it; what exists for tests and examples is not offered.
    """

    kind: str
    title: str
    connector_class: type[Connector[Any]] | None
    unavailable_reason: str = ""
    offered: bool = True


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    kind: str
    title: str
    path: str
    advice: str = ""
    offered: bool = True


BUILT_IN = (
    _BuiltIn("ldap", "LDAP directory", "connectors.catalog.ldap:LdapConnector", advice=LDAP_ADVICE),
    _BuiltIn("scim", "SCIM 2.0", "connectors.catalog.scim:ScimConnector"),
    _BuiltIn("sql", "SQL table", "connectors.catalog.sql:SqlConnector"),
    _BuiltIn("memory", "In memory", "connectors.catalog.memory:MemoryConnector", offered=False),
)


@cache
def connectors() -> Mapping[str, Registration]:
    """Every connector by its kind, unavailable ones included. A built-in kind cannot be replaced by a package."""
    found = {each.kind: _registered(each) for each in BUILT_IN}
    for registration in _from_packages():
        found.setdefault(registration.kind, registration)
    return found


def connector(kind: str) -> Registration:
    """The connector of this kind; one that is not installed any more is unavailable rather than an error."""
    missing = Registration(kind, kind, None, f"No connector of the kind {kind!r} is installed.", offered=False)
    return connectors().get(kind, missing)


def _registered(built_in: _BuiltIn) -> Registration:
    module, _, name = built_in.path.partition(":")
    try:
        connector_class = getattr(import_module(module), name)
    except ImportError as error:
        reason = f"It needs a library that is not installed ({error.name or error})."
        advice = f" Install it, then start the portal again: {built_in.advice}" if built_in.advice else ""
        return Registration(built_in.kind, built_in.title, None, reason + advice, built_in.offered)
    return Registration(built_in.kind, connector_class.title, connector_class, offered=built_in.offered)


def _from_packages() -> Iterator[Registration]:
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        yield _loaded(point)


def _loaded(point: EntryPoint) -> Registration:
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        return Registration(point.name, point.name, None, f"The package that offers it cannot be loaded: {error}")
    if not (isinstance(found, type) and issubclass(found, Connector)):
        return Registration(point.name, point.name, None, f"{point.value} is not a connector.")
    return Registration(found.kind, found.title, found)
