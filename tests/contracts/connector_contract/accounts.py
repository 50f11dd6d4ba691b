"""Creating, reading, changing, renaming and removing."""

from typing import Any, ClassVar
from uuid import uuid4

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
    Transient,
)
from tests.contracts.connector_contract.questions import (
    ACCOUNTS_AND_GROUPS,
    alike,
    created,
    fresh_name,
    needs,
    object_schema,
)
from tests.contracts.subject import ContractSubject

BOTH = pytest.mark.parametrize("object_class", ACCOUNTS_AND_GROUPS)


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
        assert item.attributes == read.attributes
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

    @BOTH
    def test_what_carries_our_mark_is_found_by_it_alone(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass
    ) -> None:
        attribute = object_schema(connector, object_class).marker_attribute
        if attribute is None:
            return  # the engine then goes by names alone
        mark, other = str(uuid4()), str(uuid4())
        item = created(subject, connector, object_class, **{attribute: (mark,)})
        created(subject, connector, object_class, **{attribute: (other,)})
        created(subject, connector, object_class)
        assert item.attributes[attribute] == (mark,)
        found = connector.search(object_class, Equals(attribute, mark)).items
        assert [(each.remote_id, each.attributes[attribute]) for each in found] == [(item.remote_id, (mark,))]
        assert connector.search(object_class, Equals(attribute, str(uuid4()))).items == ()

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
        more = {subject.several: ("a@example.test", "b@example.test")} if subject.several else {}
        item = created(subject, connector, **more)
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

    @pytest.mark.ability("several")
    def test_several_values_are_replaced(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        name, wanted = subject.several or "", ("a@example.test", "b@example.test", "c@example.test")
        item = created(subject, connector, **{name: wanted[:1]})
        for values in (wanted, wanted[1:], ()):
            _update(connector, item, replace={name: values})
            assert set(connector.get(ObjectClass.USER, item.remote_id).attributes.get(name, ())) == set(values)

    @pytest.mark.ability("several")
    def test_single_values_are_added_and_removed(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        several = subject.several or ""
        item = created(subject, connector, ObjectClass.USER, None, **{several: ("a@example.test",)})

        def after(**delta: Any) -> set[object]:
            _update(connector, item, **delta)
            return set(connector.get(ObjectClass.USER, item.remote_id).attributes.get(several, ()))

        both = {"a@example.test", "b@example.test"}
        assert after(add={several: ("b@example.test",)}) == both
        assert after(add={several: ("b@example.test",)}) == both
        assert after(remove={several: ("a@example.test",)}) == {"b@example.test"}
        assert after(remove={several: ("a@example.test",)}) == {"b@example.test"}
        assert after(add={several: ("c@example.test",)}, remove={several: ("b@example.test",)}) == {"c@example.test"}
        assert after(remove={several: ("c@example.test", "d@example.test")}) == set()

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
        before = subject.raw(item)
        more = {subject.text: ("all or nothing",)} if object_class is ObjectClass.USER else {}
        with pytest.raises(AlreadyExists):
            _update(connector, item, replace={**more, attribute: taken.attributes[attribute]})
        assert subject.raw(item) == before
        assert connector.get(object_class, item.remote_id).attributes == item.attributes

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

    def test_nothing_is_started_after_the_deadline(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item, name = created(subject, connector), fresh_name()
        before = subject.raw(item)
        transport: Any = connector.transport
        transport.start_operation(0)
        for late in (
            lambda: connector.create(ObjectClass.USER, subject.user(name)),
            lambda: _update(connector, item, replace={subject.text: ("late",)}),
            lambda: connector.delete(ObjectClass.USER, item.remote_id),
            lambda: connector.get(ObjectClass.USER, item.remote_id),
        ):
            with pytest.raises(Transient):
                late()
        transport.start_operation(30)
        assert subject.raw(item) == before
        attribute = object_schema(connector).name_attribute
        assert connector.search(ObjectClass.USER, Equals(attribute, name)).items == ()

    def test_another_connection_sees_the_same(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        with subject.connect() as second:
            assert second.get(ObjectClass.USER, item.remote_id) == connector.get(ObjectClass.USER, item.remote_id)
            _update(second, item, replace={subject.text: ("changed by another",)})
        assert connector.get(ObjectClass.USER, item.remote_id).attributes[subject.text] == ("changed by another",)
