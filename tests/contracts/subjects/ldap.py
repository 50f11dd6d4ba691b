"""The LDAP connector under contract on OpenLDAP, with each way to disable."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from connectors.catalog.ldap import LdapConnector
from connectors.spi import RemoteObject, Values
from tests.contracts.subject import ContractSubject
from tests.contracts.transport import loopback_transport
from tests.servers.slapd import Slapd

INVALID = {
    "port": 0,
    "security": "ssl",
    "base_dn": "example",
    "user_container": "people",
    "placeholder_member": "nobody",
    "bind_password": "",
    "user_rdn_attribute": "uid)(x=",
    "user_object_classes": ("inetOrgPerson)(uid=*",),
    "page_size": 0,
}
BROKEN: dict[str, dict[str, Any]] = {
    "address": {"host": "no-such-host.invalid"},
    "connection": {"port": 1},
    "bind": {"bind_password": "wrong"},
    "base": {"base_dn": "dc=elsewhere,dc=test"},
    "user_container": {"user_container": "ou=nowhere"},
    "group_container": {"group_container": "ou=nowhere"},
    "org_unit_container": {"org_unit_container": "ou=nowhere"},
    "schema": {"user_object_classes": ("noSuchClass",)},
    "disabling": {
        "disable_by": "attribute",
        "disable_attribute": "noSuchAttribute",
        "disabled_value": "x",
    },
}


def configuration(slapd: Slapd, **changes: Any) -> dict[str, Any]:
    """A configuration for the test directory, with encryption."""
    return {
        "host": "127.0.0.1",
        "port": slapd.port,
        "security": "starttls",
        "ca_certificate": slapd.ca_file.read_text(),
        "bind_dn": slapd.bind_dn,
        "bind_password": slapd.bind_password,
        "base_dn": slapd.base_dn,
        **changes,
    }


def user(name: str) -> dict[str, Values]:
    """Attributes that suffice for a user."""
    return {"uid": (name,), "cn": ("Ada Example",), "sn": ("Example",)}


def _subject(request: pytest.FixtureRequest, **changes: Any) -> ContractSubject:
    slapd: Slapd = request.getfixturevalue("slapd")
    return ContractSubject(
        connector_class=LdapConnector,
        transport=loopback_transport,
        configuration=configuration(
            slapd, **{"marker_attribute": "employeeNumber", "org_unit_container": "ou=people", **changes}
        ),
        user=user,
        group=lambda name: {"cn": (name,)},
        org_unit=lambda name: {"ou": (name,)},
        text="displayName",
        several="mail",
        raw=partial(_raw, slapd),
        invalid=INVALID,
        broken=BROKEN,
    )


def _raw(slapd: Slapd, item: RemoteObject) -> Mapping[str, tuple[Any, ...]] | None:
    entry = slapd.entry(item.reference)
    if entry is None or entry["entryUUID"] != [item.remote_id.encode()]:
        return None
    return {name: tuple(sorted(values)) for name, values in entry.items()}


SUBJECTS = {"ldap-ppolicy": _subject}
VARIANTS = {
    "ldap-attribute": partial(
        _subject,
        disable_by="attribute",
        disable_attribute="employeeType",
        enabled_value="active",
        disabled_value="inactive",
    ),
    "ldap-container": partial(_subject, disable_by="container", disabled_container="ou=disabled"),
    "ldap-removal": partial(_subject, disable_by="removal"),
    "ldap-placing": partial(_subject, place_people_by_org_unit=True),
}
LACKING = {"ldap-removal": frozenset({"disabling"})}
EXTRAS = {
    **dict.fromkeys((*SUBJECTS, *VARIANTS), frozenset({"org_units"})),
    "ldap-placing": frozenset({"org_units", "placing"}),
}
