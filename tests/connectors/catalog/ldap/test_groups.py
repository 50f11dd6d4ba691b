"""Groups whose class wants a member, and servers without permissive modify."""

from typing import Any

import pytest

from connectors.catalog.ldap import LdapConnector
from connectors.spi import Delta, ObjectClass, Rejected
from tests.connectors.catalog.ldap.conftest import Connect
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
PLACEHOLDERS = pytest.mark.parametrize("placeholder", ["", "cn=nobody,dc=example,dc=test"])


def _stored(slapd: Slapd, dn: str, attribute: str = "member") -> set[str]:
    entry = slapd.entry(dn)
    assert entry is not None
    return {value.decode() for value in entry.get(attribute, [])}


def _members(connector: LdapConnector, remote_id: str, attribute: str = "member") -> set[Any]:
    return set(connector.get(GROUP, remote_id, members=True).attributes.get(attribute, ()))


@PLACEHOLDERS
def test_the_placeholder_stands_only_in_empty_groups(slapd: Slapd, connect: Connect, placeholder: str) -> None:
    connector = connect(placeholder_member=placeholder)
    stands_in = {placeholder or slapd.bind_dn}
    ada = connector.create(USER, user("ada")).reference
    group = connector.create(GROUP, {"cn": ("staff",)})

    def changed(**delta: Any) -> set[str]:
        connector.update(GROUP, group.remote_id, Delta(**{part: {"member": each} for part, each in delta.items()}))
        assert _members(connector, group.remote_id).isdisjoint(stands_in)
        return _stored(slapd, group.reference)

    assert _stored(slapd, group.reference) == stands_in
    assert changed(add=(ada,)) == {ada}
    assert changed(remove=(ada,)) == stands_in
    assert changed(remove=(ada,)) == stands_in
    assert changed(replace=(ada,)) == {ada}
    assert changed(replace=()) == stands_in


def test_the_placeholder_cannot_be_made_a_member(connect: Connect) -> None:
    connector = connect(placeholder_member="cn=nobody,dc=example,dc=test")
    group = connector.create(GROUP, {"cn": ("staff",)})
    with pytest.raises(Rejected, match="stands for"):
        connector.update(GROUP, group.remote_id, Delta(add={"member": ("CN=Nobody, dc=example,dc=test",)}))
    with pytest.raises(Rejected, match="stands for"):
        connector.create(GROUP, {"cn": ("others",), "member": ("cn=nobody,dc=example,dc=test",)})


def test_a_membership_change_is_one_write(slapd: Slapd, connect: Connect) -> None:
    connector = connect()
    ada, bob = (connector.create(USER, user(name)).reference for name in ("ada", "bob"))
    group = connector.create(GROUP, {"cn": ("staff",)})
    before = slapd.stats()["Modify"]
    connector.update(GROUP, group.remote_id, Delta(add={"member": (ada,)}))
    connector.update(GROUP, group.remote_id, Delta(add={"member": (bob,)}, remove={"member": (ada,)}))
    assert slapd.stats()["Modify"] == before + 2


def test_other_values_change_with_the_members(connect: Connect) -> None:
    connector = connect()
    ada = connector.create(USER, user("ada")).reference
    group = connector.create(GROUP, {"cn": ("staff",)})
    changed = connector.update(
        GROUP, group.remote_id, Delta(replace={"cn": ("team",), "description": ("all",)}, add={"member": (ada,)})
    )
    assert (changed.attributes["cn"], changed.attributes["description"]) == (("team",), ("all",))
    assert _members(connector, group.remote_id) == {ada}


def test_groups_of_unique_names(slapd: Slapd, connect: Connect) -> None:
    connector = connect(group_object_class="groupOfUniqueNames")
    ada = connector.create(USER, user("ada")).reference
    group = connector.create(GROUP, {"cn": ("staff",)})
    assert connector.schema().objects[GROUP].member_attribute == "uniqueMember"
    assert _stored(slapd, group.reference, "uniqueMember") == {slapd.bind_dn}
    connector.update(GROUP, group.remote_id, Delta(add={"uniqueMember": (ada,)}))
    assert _stored(slapd, group.reference, "uniqueMember") == {ada}
    assert _members(connector, group.remote_id, "uniqueMember") == {ada}


def test_a_directory_without_permissive_modify(slapd: Slapd, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    # A control nobody knows answers as the real one does on a server that lacks it.
    monkeypatch.setattr("connectors.catalog.ldap.writer.PERMISSIVE_MODIFY", "1.1.1.1")
    connector = connect()
    ada, bob = (connector.create(USER, user(name)).reference for name in ("ada", "bob"))
    group = connector.create(GROUP, {"cn": ("staff",)})

    def after(**delta: Any) -> set[str]:
        connector.update(GROUP, group.remote_id, Delta(**{part: {"member": each} for part, each in delta.items()}))
        return _stored(slapd, group.reference)

    assert after(add=(ada,)) == {ada}
    assert after(add=(ada.upper(), bob)) == {ada, bob}
    assert after(remove=(ada.upper(),)) == {bob}
    assert after(remove=(ada,)) == {bob}
    assert after(remove=(ada, bob)) == {slapd.bind_dn}
    assert after(remove=(ada,)) == {slapd.bind_dn}


def test_values_are_removed_in_any_case(connect: Connect) -> None:
    connector = connect()
    item = connector.create(USER, {**user("ada"), "mail": ("Ada@example.test", "a@example.test")})
    changed = connector.update(USER, item.remote_id, Delta(remove={"mail": ("ada@EXAMPLE.test",)}))
    assert changed.attributes["mail"] == ("a@example.test",)


def test_groups_cannot_be_disabled(connect: Connect) -> None:
    connector = connect()
    group = connector.create(GROUP, {"cn": ("staff",)})
    assert group.enabled is None
    with pytest.raises(Rejected):
        connector.update(GROUP, group.remote_id, Delta(enabled=False))


def test_without_a_container_there_are_no_groups(connect: Connect) -> None:
    connector = connect(group_container="")
    assert GROUP not in connector.capabilities().objects
    assert GROUP not in connector.schema().objects
