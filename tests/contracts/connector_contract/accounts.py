"""Creating, reading, changing, renaming and removing."""

from typing import Any, ClassVar

import pytest

from connectors.spi import (
    AlreadyExists,
    Capability,
    Connector,
    Delta,
    Equals,
    Gone,
    ObjectClass,
    Rejected,
    RemoteObject,
)
from tests.contracts.connector_contract.questions import alike, created, fresh_name, needs, object_schema
from tests.contracts.subject import ContractSubject

BOTH = pytest.mark.parametrize("object_class", list(ObjectClass))


def _update(connector: Connector[Any], item: RemoteObject, **delta: Any) -> RemoteObject:
    needs(connector, item.object_class, Capability.UPDATE)
    return connector.update(item.object_class, item.remote_id, Delta(**delta))


class AccountContract:
    """The life of one object."""

    with_variants: ClassVar[bool] = True

    @BOTH
    def test_what_is_created_can_be_read_and_found(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        needs(connector, object_class, Capability.CREATE)
        schema, name = object_schema(connector, object_class), fresh_name()
        sample = subject.attributes(object_class, name)
        item = connector.create(object_class, sample)
        read = connector.get(object_class, item.remote_id)
        [found] = connector.search(object_class, Equals(schema.name_attribute, name)).items
        for seen in (item, read, found):
            assert seen.object_class is object_class
            assert (seen.remote_id, seen.reference, seen.name) == (item.remote_id, item.reference, item.name)
            for attribute, values in sample.items():
                if schema.attributes[attribute].readable:
                    assert alike(schema.attributes[attribute], seen.attributes.get(attribute, ()), values), attribute
        assert item.remote_id
        assert item.reference
        assert item.name
        assert subject.raw(item) is not None

    def test_objects_are_found_by_id_and_reference(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item, other = created(subject, connector), created(subject, connector)
        for attribute, value in (("remote_id", item.remote_id), ("reference", item.reference)):
            assert [each.remote_id for each in connector.search(ObjectClass.USER, Equals(attribute, value)).items] == [
                item.remote_id
            ]
        assert other.remote_id != item.remote_id

    @pytest.mark.parametrize("attribute", ["remote_id", "reference"])
    @pytest.mark.parametrize("value", ["no-such-object", "*", "", "' OR '1'='1"])
    def test_unknown_ids_find_nothing(
        self, subject: ContractSubject, connector: Connector[Any], attribute: str, value: str
    ) -> None:
        created(subject, connector)
        assert connector.search(ObjectClass.USER, Equals(attribute, value)).items == ()

    @BOTH
    def test_empty_values_are_the_same_as_none(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        schema = object_schema(connector, object_class)
        optional = [
            name
            for name, spec in schema.attributes.items()
            if spec.creatable and not spec.required and name not in subject.attributes(object_class, "x")
        ]
        if not optional:
            pytest.skip("no optional attribute")
        item = created(subject, connector, object_class, **{optional[0]: ()})
        assert connector.get(object_class, item.remote_id).attributes.get(optional[0], ()) == ()

    @BOTH
    def test_a_taken_name_is_told_and_nothing_changes(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        name = fresh_name()
        first = created(subject, connector, object_class, name)
        before = subject.raw(first)
        with pytest.raises(AlreadyExists) as refusal:
            connector.create(object_class, subject.attributes(object_class, name))
        assert refusal.value.remote_id in (None, first.remote_id)
        assert subject.raw(first) == before

    def test_a_create_without_its_required_attribute_is_rejected(
        self, subject: ContractSubject, connector: Connector[Any]
    ) -> None:
        needs(connector, ObjectClass.USER, Capability.CREATE)
        required = [name for name, spec in object_schema(connector).attributes.items() if spec.required]
        for missing in required:
            sample = subject.user(fresh_name())
            del sample[missing]
            with pytest.raises(Rejected):
                connector.create(ObjectClass.USER, sample)

    def test_an_unknown_attribute_is_rejected(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        before = subject.raw(item)
        with pytest.raises(Rejected):
            created(subject, connector, ObjectClass.USER, None, noSuchAttribute=("x",))
        with pytest.raises(Rejected):
            _update(connector, item, replace={"noSuchAttribute": ("x",)})
        assert subject.raw(item) == before

    def test_replace_and_clear(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector, ObjectClass.USER, None, **{subject.text: ("before",)})
        changed = _update(connector, item, replace={subject.text: ("after",)})
        assert changed.attributes[subject.text] == ("after",)
        assert connector.get(ObjectClass.USER, item.remote_id).attributes[subject.text] == ("after",)
        cleared = _update(connector, item, replace={subject.text: ()})
        assert cleared.attributes.get(subject.text, ()) == ()
        assert connector.get(ObjectClass.USER, item.remote_id).attributes.get(subject.text, ()) == ()
        assert _update(connector, item, replace={subject.text: ()}).remote_id == item.remote_id

    def test_what_a_delta_does_not_name_stays(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        _update(connector, item, replace={subject.text: ("changed",)})
        after = connector.get(ObjectClass.USER, item.remote_id).attributes
        for name, values in item.attributes.items():
            if name != subject.text and object_schema(connector).attributes[name].updatable:
                assert after.get(name) == values, name

    def test_an_empty_delta_changes_nothing(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        before = subject.raw(item)
        assert _update(connector, item).remote_id == item.remote_id
        assert subject.raw(item) == before

    def test_single_values_are_added_and_removed(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        if subject.several is None:
            pytest.skip("no multi-valued attribute")
        item = created(subject, connector, ObjectClass.USER, None, **{subject.several: ("a@example.test",)})

        def after(**delta: Any) -> set[object]:
            _update(connector, item, **delta)
            return set(connector.get(ObjectClass.USER, item.remote_id).attributes.get(subject.several or "", ()))

        both = {"a@example.test", "b@example.test"}
        assert after(add={subject.several: ("b@example.test",)}) == both
        assert after(add={subject.several: ("b@example.test",)}) == both
        assert after(remove={subject.several: ("a@example.test",)}) == {"b@example.test"}
        assert after(remove={subject.several: ("a@example.test",)}) == {"b@example.test"}
        assert after(add={subject.several: ("c@example.test",)}, remove={subject.several: ("b@example.test",)}) == {
            "c@example.test"
        }
        assert after(remove={subject.several: ("c@example.test", "d@example.test")}) == set()

    @BOTH
    def test_a_rename_keeps_the_id(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        attribute = object_schema(connector, object_class).name_attribute
        item, name = created(subject, connector, object_class), fresh_name("renamed")
        renamed = _update(connector, item, replace={attribute: (name,)})
        assert renamed.remote_id == item.remote_id
        assert renamed.attributes[attribute] == (name,)
        read = connector.get(object_class, item.remote_id)
        assert (read.reference, read.name) == (renamed.reference, renamed.name)
        assert read.attributes[attribute] == (name,)
        assert connector.search(object_class, Equals(attribute, item.attributes[attribute][0])).items == ()

    @BOTH
    def test_a_rename_to_a_taken_name_is_refused(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        attribute = object_schema(connector, object_class).name_attribute
        taken, item = created(subject, connector, object_class), created(subject, connector, object_class)
        with pytest.raises(AlreadyExists):
            _update(connector, item, replace={attribute: taken.attributes[attribute]})
        assert connector.get(object_class, item.remote_id).attributes[attribute] == item.attributes[attribute]

    @BOTH
    def test_what_is_deleted_is_gone(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        needs(connector, object_class, Capability.DELETE)
        item, schema = created(subject, connector, object_class), object_schema(connector, object_class)
        connector.delete(object_class, item.remote_id)
        assert subject.raw(item) is None
        name = item.attributes[schema.name_attribute]
        assert connector.search(object_class, Equals(schema.name_attribute, name[0])).items == ()
        with pytest.raises(Gone):
            connector.get(object_class, item.remote_id)
        with pytest.raises(Gone):
            connector.delete(object_class, item.remote_id)
        with pytest.raises(Gone):
            _update(connector, item, replace={schema.name_attribute: (fresh_name(),)})

    def test_a_name_is_free_again_after_a_delete(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        needs(connector, ObjectClass.USER, Capability.DELETE)
        name = fresh_name()
        first = created(subject, connector, ObjectClass.USER, name)
        connector.delete(ObjectClass.USER, first.remote_id)
        second = created(subject, connector, ObjectClass.USER, name)
        assert second.remote_id != first.remote_id

    def test_object_classes_do_not_mix(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        needs(connector, ObjectClass.GROUP, Capability.GET)
        item = created(subject, connector)
        with pytest.raises(Gone):
            connector.get(ObjectClass.GROUP, item.remote_id)
        with pytest.raises(Gone):
            connector.delete(ObjectClass.GROUP, item.remote_id)
        assert subject.raw(item) is not None

    def test_another_connection_sees_the_same(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        with subject.connect() as second:
            assert second.get(ObjectClass.USER, item.remote_id) == connector.get(ObjectClass.USER, item.remote_id)
