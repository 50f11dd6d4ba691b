"""What the online test says, and what Discover proposes."""

from collections.abc import Callable

import pytest

from connectors.spi import Finding, FindingLevel, ObjectClass
from tests.connectors.catalog.ldap.conftest import Connect, Rules
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

Examine = Callable[..., dict[str, Finding]]
IN_ORDER = [
    "address",
    "connection",
    "encryption",
    "bind",
    "base",
    "user_container",
    "group_container",
    "schema",
    "paging",
    "reading",
    "writing",
    "disabling",
]


def test_everything_is_looked_at_in_order(examine: Examine, connect: Connect) -> None:
    connect().create(ObjectClass.USER, user("ada"))
    found = examine()
    assert list(found) == IN_ORDER
    assert {finding.level for finding in found.values()} == {FindingLevel.OK}
    assert "were not tried" in found["writing"].message


def test_the_test_changes_nothing(slapd: Slapd, examine: Examine, connect: Connect) -> None:
    item = connect().create(ObjectClass.USER, user("ada"), enabled=False)
    before = slapd.entry(item.reference)
    examine()
    assert slapd.entry(item.reference) == before


def test_it_stops_where_the_rest_means_nothing(slapd: Slapd, examine: Examine) -> None:
    slapd.stop()
    found = examine()
    assert list(found) == ["address", "connection"]
    assert found["connection"].level is FindingLevel.ERROR
    assert found["connection"].advice


def test_an_account_that_may_only_read(examine: Examine, connect: Connect, service_account: dict[str, str]) -> None:
    assert examine(**service_account)["writing"].level is FindingLevel.WARNING
    connect().create(ObjectClass.USER, user("ada"))
    found = examine(**service_account)
    assert found["reading"].level is FindingLevel.OK
    assert found["writing"].level is FindingLevel.ERROR
    assert "may not change" in found["writing"].message
    assert "pwdAccountLockedTime" in found["disabling"].message


def test_an_account_that_may_write(
    slapd: Slapd, examine: Examine, connect: Connect, rules: Rules, service_account: dict[str, str]
) -> None:
    rules.set(
        "olcAccess",
        "{0}to attrs=userPassword by anonymous auth",
        f'{{1}}to * by dn.exact="{service_account["bind_dn"]}" write by users read by anonymous auth',
    )
    assert examine(**service_account)["writing"].level is FindingLevel.OK
    connect().create(ObjectClass.USER, user("ada"))
    found = examine(**service_account)
    assert found["writing"].level is FindingLevel.OK
    assert found["disabling"].level is FindingLevel.OK


def test_a_lock_nobody_heeds(slapd: Slapd, examine: Examine) -> None:
    connection = slapd.connect()
    policy = f"cn=default,{slapd.policies_dn}"
    connection.modify_s(policy, [(2, "pwdLockout", [b"FALSE"])])
    assert "ignore a lock" in examine()["disabling"].message
    connection.delete_s(policy)
    connection.unbind_s()
    assert examine()["disabling"].level is FindingLevel.WARNING


def test_the_way_to_disable_is_checked(examine: Examine) -> None:
    marked = {"disable_by": "attribute", "disabled_value": "x"}
    assert examine(**marked, disable_attribute="employeeType")["disabling"].level is FindingLevel.OK
    assert examine(**marked, disable_attribute="pager2")["disabling"].level is FindingLevel.ERROR
    assert examine(disable_by="removal")["disabling"].level is FindingLevel.OK
    moved = examine(disable_by="container", disabled_container="ou=nowhere")
    assert moved["disabled_container"].level is FindingLevel.ERROR


def test_an_unknown_marker_or_name_is_told(examine: Examine) -> None:
    assert "noSuch" in examine(marker_attribute="noSuch")["schema"].message
    assert "noSuch" in examine(user_rdn_attribute="noSuch")["schema"].message


def test_no_secret_in_any_text(examine: Examine) -> None:
    found = examine(bind_password="hunter2-hunter2")
    assert found["bind"].level is FindingLevel.ERROR
    assert "hunter2" not in str(found)


def test_discovery_of_an_openldap(slapd: Slapd, connect: Connect) -> None:
    found = connect(disable_by="removal").discover()
    assert found.proposals["base_dn"] == slapd.base_dn
    assert found.proposals["user_container"] == "ou=people"
    assert found.proposals["group_container"] == "ou=groups"
    assert found.proposals["disable_by"] == "ppolicy"
    assert found.proposals["group_object_class"] == "groupOfNames"
    assert "inetOrgPerson" in found.choices["user_object_classes"]
    assert "organizationalUnit" not in found.choices["user_object_classes"]
    assert set(found.choices["user_container"]) >= {"ou=people", "ou=groups", "ou=disabled"}
    assert found.choices["disable_by"][0] == "ppolicy"
    assert any("password policy" in note for note in found.notes)
    assert found.suggested_mappings[ObjectClass.USER]["uid"] == "user.userName"
    assert found.suggested_mappings[ObjectClass.GROUP] == {"cn": "group.displayName"}


@pytest.mark.parametrize("wrong", [{"marker_attribute": "noSuch"}, {"user_object_classes": ["noSuchPerson"]}])
def test_discovery_helps_where_the_configuration_does_not_fit(connect: Connect, wrong: dict[str, object]) -> None:
    found = connect(**wrong).discover()
    assert "inetOrgPerson" in found.choices["user_object_classes"]
    assert not found.suggested_mappings


@pytest.mark.parametrize("base_dn", ["dc=elsewhere,dc=test", ""])
def test_discovery_finds_the_base(slapd: Slapd, connect: Connect, base_dn: str) -> None:
    proposals = connect(base_dn=base_dn).discover().proposals
    assert (proposals["base_dn"], proposals["user_container"]) == (slapd.base_dn, "ou=people")


def test_without_a_base_the_test_says_what_there_is(slapd: Slapd, examine: Examine) -> None:
    found = examine(base_dn="")
    assert found["bind"].level is FindingLevel.OK
    assert found["base"].level is FindingLevel.ERROR
    assert slapd.base_dn in found["base"].message
