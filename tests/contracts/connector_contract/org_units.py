"""Org units: a tree whose names are taken among siblings only, that moves with everything in it."""

from typing import Any, ClassVar

import pytest

from connectors.spi import (
    AlreadyExists,
    And,
    Connector,
    ConnectorError,
    Delta,
    Equals,
    Not,
    ObjectClass,
    Present,
    RemoteObject,
    Values,
)
from tests.contracts.connector_contract.questions import all_found, created, fresh_name, object_schema
from tests.contracts.subject import ContractSubject

UNIT = ObjectClass.ORG_UNIT


def _place(connector: Connector[Any], object_class: ObjectClass = UNIT) -> str:
    attribute = object_schema(connector, object_class).parent_attribute
    assert attribute is not None
    return attribute


def _unit(
    subject: ContractSubject, connector: Connector[Any], parent: RemoteObject | None = None, name: str | None = None
) -> RemoteObject:
    place: dict[str, Values] = {_place(connector): (parent.reference,)} if parent else {}
    return created(subject, connector, UNIT, name or fresh_name("unit"), **place)


def _moved(connector: Connector[Any], item: RemoteObject, parent: RemoteObject | None) -> RemoteObject:
    place = _place(connector, item.object_class)
    delta = Delta(replace={place: (parent.reference,) if parent else ()})
    return connector.update(item.object_class, item.remote_id, delta)


def _lies_in(connector: Connector[Any], item: RemoteObject) -> Values:
    read = connector.get(item.object_class, item.remote_id)
    return read.attributes.get(_place(connector, item.object_class), ())


@pytest.mark.ability("org_units")
class OrgUnitContract:
    """A tree of org units, and the people in it where the connector places them."""

    with_variants: ClassVar[bool] = True

    def test_names_are_taken_among_siblings_only(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        assert object_schema(connector, UNIT).local_names
        name = fresh_name("Finance, Tax+ ")
        top = _unit(subject, connector, None, name)
        inner = _unit(subject, connector, top, name)
        assert top.remote_id != inner.remote_id
        assert (_lies_in(connector, top), _lies_in(connector, inner)) == ((), (top.reference,))
        for parent in (None, top):
            with pytest.raises(AlreadyExists):
                _unit(subject, connector, parent, name.upper())

    def test_a_name_is_looked_for_in_its_place(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, place, name = object_schema(connector, UNIT).name_attribute, _place(connector), fresh_name("unit")
        top = _unit(subject, connector, None, name)
        inner = _unit(subject, connector, top, name)
        named = Equals(attribute, name)

        def ids(*conditions: Any) -> list[str]:
            return [each.remote_id for each in all_found(connector, UNIT, And((named, *conditions)))]

        assert sorted(ids()) == sorted([top.remote_id, inner.remote_id])
        assert ids(Not(Present(place))) == [top.remote_id]
        assert ids(Equals(place, top.reference)) == [inner.remote_id]
        assert ids(Equals(place, inner.reference)) == []

    def test_a_unit_moves_with_everything_in_it(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        one, two = _unit(subject, connector), _unit(subject, connector)
        inner = _unit(subject, connector, one)
        innermost = _unit(subject, connector, inner)
        moved = _moved(connector, inner, two)
        assert moved.remote_id == inner.remote_id
        assert _lies_in(connector, inner) == (two.reference,)
        assert _lies_in(connector, innermost) == (moved.reference,)
        if connector.capabilities().nested_references:
            assert moved.reference.endswith(f",{two.reference}")
            assert connector.get(UNIT, innermost.remote_id).reference.endswith(f",{moved.reference}")
        assert _lies_in(connector, _moved(connector, inner, None)) == ()

    def test_a_unit_is_renamed(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, name = object_schema(connector, UNIT).name_attribute, fresh_name("renamed")
        unit = _unit(subject, connector)
        inner = _unit(subject, connector, unit)
        renamed = connector.update(UNIT, unit.remote_id, Delta(replace={attribute: (name,)}))
        assert (renamed.remote_id, renamed.attributes[attribute]) == (unit.remote_id, (name,))
        assert _lies_in(connector, inner) == (renamed.reference,)

    def test_a_unit_cannot_take_a_siblings_name(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, top = object_schema(connector, UNIT).name_attribute, _unit(subject, connector)
        one, two = _unit(subject, connector, top, "one"), _unit(subject, connector, top, "two")
        with pytest.raises(AlreadyExists) as refusal:
            connector.update(UNIT, two.remote_id, Delta(replace={attribute: ("one",)}))
        assert refusal.value.remote_id in (one.remote_id, None)

    def test_only_an_empty_unit_is_removed(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        unit = _unit(subject, connector)
        inner = _unit(subject, connector, unit)
        if connector.capabilities().nested_references:
            with pytest.raises(ConnectorError):
                connector.delete(UNIT, unit.remote_id)
            assert connector.get(UNIT, inner.remote_id).remote_id == inner.remote_id
        for each in (inner, unit):
            connector.delete(UNIT, each.remote_id)
            assert subject.raw(each) is None

    @pytest.mark.ability("placing")
    def test_people_move_from_unit_to_unit(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        attribute, one, two = _place(connector, ObjectClass.USER), _unit(subject, connector), _unit(subject, connector)
        person = created(subject, connector, ObjectClass.USER, None, **{attribute: (one.reference,)})
        assert _lies_in(connector, person) == (one.reference,)
        for place in (two, None, one):
            moved = _moved(connector, person, place)
            assert moved.remote_id == person.remote_id
            assert _lies_in(connector, person) == ((place.reference,) if place else ())
            assert moved.remote_id in {each.remote_id for each in all_found(connector)}
