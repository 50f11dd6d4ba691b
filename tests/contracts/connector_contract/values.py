"""What values survive the way there and back."""

from typing import Any

import pytest

from connectors.spi import (
    AttributeType,
    Capability,
    Connector,
    Delta,
    Equals,
    ObjectClass,
    Rejected,
    StartsWith,
)
from tests.contracts.connector_contract.questions import ACCOUNTS_AND_GROUPS, created, fresh_name, needs, object_schema
from tests.contracts.subject import ContractSubject

HOSTILE_NAMES = (
    "*",
    "{}*)(uid=*",
    "{},ou=admins",
    "#{}",
    "{}+cn=x",
    '{}"quoted"',
    "{}';--",
    "{}\\",
    "{}\\2c",
    "<{}>;=",
    "Jiří {} 日本",
    "{}/slash?x=y",
    "{}%27",
)

TEXTS = ("  both ends ", "Zoë Ðurić", "日本語", "🙂", "a\u0301", "  ".join("ab"), "x" * 200)


class ValueContract:
    """Texts, numbers and names come back as they were given."""

    def test_unicode_texts(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = None
        for text in TEXTS:
            name = {subject.text: (text,)}
            if item is None:
                item = created(subject, connector, ObjectClass.USER, None, **name)
            else:
                connector.update(ObjectClass.USER, item.remote_id, Delta(replace=name))
            assert connector.get(ObjectClass.USER, item.remote_id).attributes[subject.text] == (text,)

    def test_long_text(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        text = "lång " * (subject.long_text // 5 - 1) + "end"
        item = created(subject, connector, ObjectClass.USER, None, **{subject.text: (text,)})
        assert connector.get(ObjectClass.USER, item.remote_id).attributes[subject.text] == (text,)
        connector.update(ObjectClass.USER, item.remote_id, Delta(replace={subject.text: (f"{text}ing",)}))
        assert connector.get(ObjectClass.USER, item.remote_id).attributes[subject.text] == (f"{text}ing",)

    def test_what_cannot_be_stored_is_rejected(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        item = created(subject, connector)
        for character in subject.unstorable:
            with pytest.raises(Rejected):
                delta = Delta(replace={subject.text: (f"a{character}b",)})
                connector.update(ObjectClass.USER, item.remote_id, delta)
        assert connector.get(ObjectClass.USER, item.remote_id).attributes == item.attributes

    @pytest.mark.parametrize("object_class", ACCOUNTS_AND_GROUPS)
    @pytest.mark.parametrize("pattern", HOSTILE_NAMES)
    def test_hostile_names_make_exactly_that_object(
        self, subject: ContractSubject, connector: Connector[Any], object_class: ObjectClass, pattern: str
    ) -> None:
        name, attribute = pattern.format(fresh_name()), object_schema(connector, object_class).name_attribute
        decoy = created(subject, connector, object_class)
        item = created(subject, connector, object_class, name)
        assert connector.get(object_class, item.remote_id).attributes[attribute] == (name,)
        assert [found.remote_id for found in connector.search(object_class, Equals(attribute, name)).items] == [
            item.remote_id
        ]
        by_reference = connector.search(object_class, Equals("reference", item.reference)).items
        assert [found.remote_id for found in by_reference] == [item.remote_id]
        renamed = connector.update(object_class, item.remote_id, Delta(replace={attribute: (f"{name}2",)}))
        assert renamed.attributes[attribute] == (f"{name}2",)
        connector.delete(object_class, item.remote_id)
        assert connector.get(object_class, decoy.remote_id).attributes == decoy.attributes

    def test_name_prefix_search_ignores_wildcards(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        created(subject, connector)
        attribute = object_schema(connector).name_attribute
        if connector.capabilities().exact_search:
            assert connector.search(ObjectClass.USER, StartsWith(attribute, "*")).items == ()

    def test_types_are_told_by_the_schema(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        python_types = {
            AttributeType.STRING: str,
            AttributeType.REFERENCE: str,
            AttributeType.INTEGER: int,
            AttributeType.BOOLEAN: bool,
            AttributeType.BINARY: bytes,
        }
        item, schema = created(subject, connector), object_schema(connector)
        for name, values in item.attributes.items():
            spec = schema.attributes[name]
            assert isinstance(values, tuple)
            assert spec.multi_valued or len(values) <= 1
            if spec.type in python_types:
                assert all(type(value) is python_types[spec.type] for value in values), name

    def test_references_to_other_objects(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        needs(connector, ObjectClass.USER, Capability.UPDATE)
        specs = object_schema(connector).attributes.values()
        found = [spec.name for spec in specs if spec.refers_to is ObjectClass.USER and spec.updatable]
        if not found:
            pytest.skip(f"{connector.kind} users refer to nobody")
        boss, item, attribute = created(subject, connector), created(subject, connector), found[0]
        connector.update(ObjectClass.USER, item.remote_id, Delta(replace={attribute: (boss.reference,)}))
        assert connector.get(ObjectClass.USER, item.remote_id).attributes[attribute] == (boss.reference,)
        connector.update(ObjectClass.USER, item.remote_id, Delta(replace={attribute: ()}))
        assert connector.get(ObjectClass.USER, item.remote_id).attributes.get(attribute, ()) == ()
