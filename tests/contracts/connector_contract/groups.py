"""Groups: empty ones, members as deltas, members read only when asked for."""

from typing import Any

import pytest

from connectors.spi import Capability, Connector, Delta, Equals, ObjectClass, RemoteObject
from tests.contracts.connector_contract.questions import all_found, created, needs, object_schema
from tests.contracts.subject import ContractSubject

GROUP = ObjectClass.GROUP


def _attribute(connector: Connector[Any]) -> str:
    needs(connector, GROUP, Capability.CREATE, Capability.UPDATE)
    attribute = object_schema(connector, GROUP).member_attribute
    if attribute is None:
        pytest.skip(f"{connector.kind} groups have no members")
    return attribute


def _members(connector: Connector[Any], group: RemoteObject) -> set[object]:
    read = connector.get(GROUP, group.remote_id, members=True)
    values = read.attributes.get(_attribute(connector), ())
    assert len(values) == len(set(values))
    return set(values)


def _change(connector: Connector[Any], group: RemoteObject, **delta: tuple[str, ...]) -> RemoteObject:
    attribute = _attribute(connector)
    parts = {part: {attribute: values} for part, values in delta.items()}
    return connector.update(GROUP, group.remote_id, Delta(**parts))


class GroupContract:
    """Memberships travel as differences and come back as they are."""

    def test_a_group_may_be_empty(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        group = created(subject, connector, GROUP)
        assert _members(connector, group) == set()

    def test_a_group_is_created_with_members(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, user = _attribute(connector), created(subject, connector)
        group = created(subject, connector, GROUP, None, **{attribute: (user.reference,)})
        assert _members(connector, group) == {user.reference}

    def test_members_come_and_go(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        one, two = created(subject, connector).reference, created(subject, connector).reference
        group = created(subject, connector, GROUP)
        for _ in range(2):
            _change(connector, group, add=(one,))
            assert _members(connector, group) == {one}
        _change(connector, group, add=(one, two))
        assert _members(connector, group) == {one, two}
        for _ in range(2):
            _change(connector, group, remove=(one,))
            assert _members(connector, group) == {two}
        _change(connector, group, add=(one,), remove=(two,))
        assert _members(connector, group) == {one}
        _change(connector, group, remove=(one, two))
        assert _members(connector, group) == set()
        _change(connector, group, add=(two,))
        assert _members(connector, group) == {two}

    def test_the_last_member_goes_and_another_comes(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        one, two = created(subject, connector).reference, created(subject, connector).reference
        group = created(subject, connector, GROUP, None, **{_attribute(connector): (one,)})
        _change(connector, group, remove=(one,))
        _change(connector, group, remove=(two,))
        assert _members(connector, group) == set()
        _change(connector, group, add=(two,), remove=(one,))
        assert _members(connector, group) == {two}

    def test_all_members_are_replaced(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        one, two = created(subject, connector).reference, created(subject, connector).reference
        group = created(subject, connector, GROUP)
        _change(connector, group, replace=(one,))
        assert _members(connector, group) == {one}
        _change(connector, group, replace=(two,))
        assert _members(connector, group) == {two}
        _change(connector, group, replace=())
        assert _members(connector, group) == set()

    def test_members_are_read_only_when_asked_for(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, user = _attribute(connector), created(subject, connector)
        group = created(subject, connector, GROUP, None, **{attribute: (user.reference,)})
        updated = _change(connector, group, add=(user.reference,))
        found = [item for item in all_found(connector, GROUP) if item.remote_id == group.remote_id]
        for seen in (connector.get(GROUP, group.remote_id), updated, *found):
            assert attribute not in seen.attributes
        assert len(found) == 1

    def test_values_change_without_touching_members(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, user = _attribute(connector), created(subject, connector)
        name = object_schema(connector, GROUP).name_attribute
        group = created(subject, connector, GROUP, None, **{attribute: (user.reference,)})
        connector.update(GROUP, group.remote_id, Delta(replace={name: (f"{group.attributes[name][0]}x",)}))
        assert _members(connector, group) == {user.reference}

    def test_an_empty_group_survives_a_rename(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        name, group = object_schema(connector, GROUP).name_attribute, created(subject, connector, GROUP)
        connector.update(GROUP, group.remote_id, Delta(replace={name: (f"{group.attributes[name][0]}x",)}))
        assert _members(connector, group) == set()

    def test_a_full_chunk_of_members(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        size = min(connector.capabilities().members_per_update, 120)
        references = [created(subject, connector).reference for _ in range(size)]
        group = created(subject, connector, GROUP)
        _change(connector, group, add=tuple(references))
        assert _members(connector, group) == set(references)
        _change(connector, group, add=tuple(references))
        _change(connector, group, remove=tuple(references[: size // 2]))
        assert _members(connector, group) == set(references[size // 2 :])
        _change(connector, group, remove=tuple(references))
        assert _members(connector, group) == set()

    @pytest.mark.ability("nested_groups")
    def test_groups_in_groups(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        inner, outer = created(subject, connector, GROUP), created(subject, connector, GROUP)
        _change(connector, outer, add=(inner.reference,))
        _change(connector, inner, add=(outer.reference,))
        assert _members(connector, outer) == {inner.reference}
        assert _members(connector, inner) == {outer.reference}

    def test_groups_with_members_are_deleted(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        needs(connector, GROUP, Capability.DELETE)
        user = created(subject, connector)
        group = created(subject, connector, GROUP, None, **{_attribute(connector): (user.reference,)})
        connector.delete(GROUP, group.remote_id)
        assert subject.raw(group) is None
        assert connector.get(ObjectClass.USER, user.remote_id).remote_id == user.remote_id

    def test_a_deleted_user_can_be_removed_from_a_group(
        self, subject: ContractSubject, connector: Connector[Any]
    ) -> None:
        needs(connector, ObjectClass.USER, Capability.DELETE)
        user, other = created(subject, connector), created(subject, connector)
        group = created(subject, connector, GROUP, None, **{_attribute(connector): (user.reference, other.reference)})
        connector.delete(ObjectClass.USER, user.remote_id)
        _change(connector, group, remove=(user.reference,))
        assert _members(connector, group) == {other.reference}

    def test_groups_are_found_by_reference(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        group = created(subject, connector, GROUP)
        found = connector.search(GROUP, Equals("reference", group.reference)).items
        assert [item.remote_id for item in found] == [group.remote_id]
