"""Groups of RFC 2307: members by uid, numbers that no two groups share, and nesting by choice."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.catalog.ldap import LdapConfiguration, LdapConnector
from connectors.catalog.ldap.posix import GroupNumbers
from connectors.spi import Delta, ObjectClass, Rejected, RemoteObject
from tests.connectors.catalog.ldap.conftest import Connect
from tests.contracts.subjects.ldap import configuration, user
from tests.servers.slapd import Slapd

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
POSIX = {"group_object_class": "posixGroup", "gid_number_first": 5000, "gid_number_last": 5002}


def _stored(slapd: Slapd, group: RemoteObject, attribute: str) -> list[str]:
    entry = slapd.entry(group.reference)
    assert entry is not None
    return sorted(value.decode() for value in entry.get(attribute, []))


def _changed(connector: LdapConnector, group: RemoteObject, **delta: Any) -> set[Any]:
    parts = {part: {"memberUid": values} for part, values in delta.items()}
    connector.update(GROUP, group.remote_id, Delta(**parts))
    return set(connector.get(GROUP, group.remote_id, members=True).attributes.get("memberUid", ()))


def test_members_travel_by_reference_and_stand_by_uid(slapd: Slapd, connect: Connect) -> None:
    connector = connect(**POSIX)
    ada, bob = (connector.create(USER, user(name)).reference for name in ("ada", "Bob, B."))
    group = connector.create(GROUP, {"cn": ("staff",), "memberUid": (ada,)})
    assert _stored(slapd, group, "memberUid") == ["ada"]
    assert _changed(connector, group, add=(bob, ada)) == {ada, bob}
    assert _stored(slapd, group, "memberUid") == ["Bob, B.", "ada"]
    assert _changed(connector, group, remove=(ada, bob)) == set()
    assert _changed(connector, group, remove=(ada,)) == set()
    assert _changed(connector, group, replace=(bob,)) == {bob}


def test_a_member_who_moved_stays_a_member(slapd: Slapd, connect: Connect) -> None:
    connector = connect(**POSIX, org_unit_container="ou=people", place_people_by_org_unit=True)
    ada = connector.create(USER, user("ada"))
    group = connector.create(GROUP, {"cn": ("staff",), "memberUid": (ada.reference,)})
    unit = connector.create(ObjectClass.ORG_UNIT, {"ou": ("Sales",)})
    moved = connector.update(USER, ada.remote_id, Delta(replace={"@org_unit": (unit.reference,)})).reference
    assert _changed(connector, group, add=(moved,), remove=(ada.reference,)) == {moved}
    assert _stored(slapd, group, "memberUid") == ["ada"]


def test_more_members_than_one_search_names(connect: Connect) -> None:
    connector = connect(**POSIX)
    everybody = {connector.create(USER, user(f"u{number}")).reference for number in range(105)}
    group = connector.create(GROUP, {"cn": ("staff",)})
    assert _changed(connector, group, add=tuple(everybody)) == everybody


def test_numbers_are_allotted_once(slapd: Slapd, connect: Connect) -> None:
    connector = connect(**POSIX)
    groups = [connector.create(GROUP, {"cn": (name,)}) for name in ("one", "two", "three")]
    assert [_stored(slapd, group, "gidNumber") for group in groups] == [["5000"], ["5001"], ["5002"]]
    with pytest.raises(Rejected, match="from 5000 to 5002 is in use"):
        connector.create(GROUP, {"cn": ("four",)})
    connector.delete(GROUP, groups[1].remote_id)
    assert _stored(slapd, connector.create(GROUP, {"cn": ("four",)}), "gidNumber") == ["5001"]


def test_a_number_taken_in_the_same_moment_is_given_up(
    slapd: Slapd, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector, free = connect(**POSIX), GroupNumbers.free
    numbers: list[Callable[[GroupNumbers], int]] = [lambda _: 5000, lambda _: 5000]
    monkeypatch.setattr(GroupNumbers, "free", lambda self: (numbers.pop() if numbers else free)(self))
    one, two = (connector.create(GROUP, {"cn": (name,)}) for name in ("one", "two"))
    assert [_stored(slapd, each, "gidNumber") for each in (one, two)] == [["5000"], ["5001"]]


def test_a_mapped_number_is_nobody_elses(slapd: Slapd, connect: Connect) -> None:
    connector = connect(group_object_class="posixGroup")
    assert connector.schema().objects[GROUP].attributes["gidNumber"].required
    connector.create(GROUP, {"cn": ("one",), "gidNumber": (7,)})
    with pytest.raises(Rejected, match=f"gidNumber 7 is that of cn=one,{slapd.groups_dn}"):
        connector.create(GROUP, {"cn": ("two",), "gidNumber": (7,)})


def test_groups_in_groups_are_kept_or_expanded(slapd: Slapd) -> None:
    def nests(**changes: Any) -> bool:
        connector_class = LdapConnector
        settings = LdapConfiguration(**configuration(slapd, **changes))
        return connector_class(settings, None).capabilities().nested_groups  # type: ignore[arg-type]

    assert nests()
    assert nests(group_object_class="groupOfUniqueNames")
    assert not nests(nested_groups=False)
    assert not nests(**POSIX)


def test_members_by_uid_need_people_named_by_uid(slapd: Slapd) -> None:
    with pytest.raises(ValidationError, match="user_rdn_attribute uid"):
        LdapConfiguration(**configuration(slapd, **POSIX, user_rdn_attribute="cn"))
    with pytest.raises(ValidationError, match="gid_number_last"):
        LdapConfiguration(**configuration(slapd, gid_number_first=5, gid_number_last=4))
