"""Configuration, test, capabilities and schema."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.spi import Capability, Connector, DisableStyle, Finding, FindingLevel, ObjectClass
from tests.contracts.connector_contract.questions import created, found_ids, needs
from tests.contracts.subject import ContractSubject


def _secrets(subject: ContractSubject) -> list[str]:
    names = subject.connector_class.configuration_class.secret_fields()
    return [str(subject.configuration[name]) for name in names if subject.configuration.get(name)]


def _texts(findings: list[Finding]) -> str:
    return " ".join(f"{each.message} {each.advice}" for each in findings)


class SetupContract:
    """What holds before the first object is touched."""

    def test_class_says_what_it_is(self, subject: ContractSubject) -> None:
        connector_class = subject.connector_class
        assert connector_class.kind.isidentifier()
        assert connector_class.title

    def test_fields_describe_themselves(self, subject: ContractSubject) -> None:
        fields = subject.connector_class.configuration_class.described()
        assert fields
        assert all(field.title for field in fields.values())
        assert all(isinstance(field.json_schema_extra, dict) for field in fields.values())

    def test_valid_configuration_is_accepted(self, subject: ContractSubject) -> None:
        assert subject.configured()

    def test_each_invalid_value_is_refused_offline_and_named(self, subject: ContractSubject) -> None:
        for field, value in subject.invalid.items():
            with pytest.raises(ValidationError) as refusal:
                subject.configured(**{field: value})
            assert field in str(refusal.value), field

    def test_misspelt_field_is_refused(self, subject: ContractSubject) -> None:
        with pytest.raises(ValidationError):
            subject.configured(no_such_field="x")

    def test_refusal_does_not_repeat_a_secret(self, subject: ContractSubject) -> None:
        with pytest.raises(ValidationError) as refusal:
            subject.configured(no_such_field="x")
        assert not [secret for secret in _secrets(subject) if secret in str(refusal.value)]

    def test_test_finds_nothing_wrong_and_changes_nothing(self, subject: ContractSubject) -> None:
        with subject.connect() as connector:
            item = created(subject, connector)
            before = subject.raw(item), found_ids(connector, ObjectClass.USER)
            findings = list(connector.test())
            assert (subject.raw(item), found_ids(connector, ObjectClass.USER)) == before
        assert findings
        assert [each for each in findings if each.level is FindingLevel.ERROR] == []
        assert len({each.name for each in findings}) == len(findings)
        assert all(each.message for each in findings)

    def test_test_needs_no_open_connection(self, subject: ContractSubject) -> None:
        connector = subject.connect()
        try:
            assert not [each for each in connector.test() if each.level is FindingLevel.ERROR]
        finally:
            connector.close()

    def test_test_ends_with_what_is_wrong(self, subject: ContractSubject) -> None:
        for name, changes in subject.broken.items():
            connector = subject.connect(**changes)
            try:
                findings = list(connector.test())
            finally:
                connector.close()
            wrong = [each.name for each in findings if each.level is FindingLevel.ERROR]
            assert name in wrong, (name, findings)
            assert all(each.advice for each in findings if each.level is FindingLevel.ERROR), name
            assert not [secret for secret in _secrets(subject) if secret in _texts(findings)]

    def test_close_is_harmless_without_open_and_twice(self, subject: ContractSubject) -> None:
        connector = subject.connect()
        connector.close()
        connector.close()

    def test_capabilities_answer_without_a_connection(self, subject: ContractSubject) -> None:
        capabilities = subject.connect().capabilities()
        assert capabilities.allows(ObjectClass.USER, Capability.SEARCH)
        assert capabilities.allows(ObjectClass.USER, Capability.GET)
        assert capabilities.members_per_update >= 1
        assert capabilities.disable in DisableStyle

    def test_schema_covers_what_the_connector_claims(self, connector: Connector[Any]) -> None:
        claimed = connector.capabilities().objects
        schema = connector.schema()
        assert set(claimed) <= set(schema.objects)
        for object_class, part in schema.objects.items():
            assert part.object_class is object_class
            assert part.name_attribute in part.attributes
            assert all(name == spec.name for name, spec in part.attributes.items())
            if part.marker_attribute:
                assert part.marker_attribute in part.attributes

    def test_schema_says_what_a_create_needs(self, subject: ContractSubject, connector: Connector[Any]) -> None:
        for object_class in connector.capabilities().objects:
            needs(connector, object_class, Capability.CREATE)
            part = connector.schema().objects[object_class]
            sample = subject.attributes(object_class, "sample")
            required = {name for name, spec in part.attributes.items() if spec.required and spec.creatable}
            assert required <= set(sample)
            assert set(sample) <= set(part.attributes)
            assert all(part.attributes[name].creatable for name in sample)

    def test_schema_knows_the_members(self, connector: Connector[Any]) -> None:
        part = connector.schema().objects.get(ObjectClass.GROUP)
        if part is None or part.member_attribute is None:
            pytest.skip(f"{connector.kind} has no groups with members")
        members = part.attributes[part.member_attribute]
        assert members.multi_valued
        assert members.type == "reference"

    def test_discovery_proposes_only_fields_that_exist(self, connector: Connector[Any]) -> None:
        discovery = connector.discover()
        fields = connector.configuration_class.described()
        assert set(discovery.proposals) <= set(fields)
        assert set(discovery.choices) <= set(fields)
        for object_class, mappings in discovery.suggested_mappings.items():
            assert set(mappings) <= set(connector.schema().objects[object_class].attributes)
