"""The subschema as the engine's schema."""

import ldap
import pytest

from connectors.spi import AttributeType, Delta, Misconfigured, ObjectClass
from tests.connectors.catalog.ldap.conftest import Connect
from tests.servers.slapd import Slapd


def test_attributes_of_people(connect: Connect) -> None:
    part = connect(marker_attribute="EMPLOYEENUMBER").schema().objects[ObjectClass.USER]
    attributes = part.attributes
    assert (part.name_attribute, part.marker_attribute) == ("uid", "employeeNumber")
    assert {name for name, spec in attributes.items() if spec.required} == {"uid", "cn", "sn"}
    assert attributes["title"].multi_valued
    assert not attributes["displayName"].multi_valued
    assert attributes["jpegPhoto"].type is AttributeType.BINARY
    assert attributes["manager"].type is AttributeType.REFERENCE
    assert attributes["manager"].refers_to is ObjectClass.USER
    assert not attributes["cn"].case_exact
    assert "objectClass" not in attributes
    assert "entryUUID" not in attributes


def test_attributes_of_several_classes(connect: Connect) -> None:
    classes = ("inetOrgPerson", "posixAccount", "shadowAccount")
    attributes = connect(user_object_classes=classes).schema().objects[ObjectClass.USER].attributes
    assert attributes["uidNumber"].type is AttributeType.INTEGER
    assert attributes["uidNumber"].required
    assert attributes["homeDirectory"].case_exact


def test_attributes_of_groups(connect: Connect) -> None:
    part = connect().schema().objects[ObjectClass.GROUP]
    assert (part.name_attribute, part.member_attribute) == ("cn", "member")
    assert not part.attributes["member"].required
    assert part.attributes["cn"].required


def test_another_naming_attribute(connect: Connect) -> None:
    part = connect(user_rdn_attribute="mail").schema().objects[ObjectClass.USER]
    assert part.name_attribute == "mail"
    assert part.attributes["mail"].required


def test_binary_values(connect: Connect) -> None:
    connector = connect()
    photo = bytes(range(256)) * 10
    sample = {"uid": ("ada",), "cn": ("Ada",), "sn": ("Example",), "jpegPhoto": (photo,)}
    item = connector.create(ObjectClass.USER, sample)
    assert connector.get(ObjectClass.USER, item.remote_id).attributes["jpegPhoto"] == (photo,)


def test_an_attribute_the_classes_do_not_have(connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="uidNumber"):
        connect(marker_attribute="uidNumber").schema()


def test_of_values_the_directory_takes_for_the_same_one_is_written(connect: Connect) -> None:
    connector = connect()
    phones, texts = (
        ("+1 555-0123", "+15550123", "+1 555 0124"),
        ("Ada  Lovelace", "ada lovelace", "Zoe\u0308", "Zo\u00eb"),
    )
    sample = {"uid": ("ada",), "cn": ("Ada",), "sn": ("Example",)}
    item = connector.create(ObjectClass.USER, {**sample, "telephoneNumber": phones, "description": texts})
    assert item.attributes["telephoneNumber"] == (phones[0], phones[2])
    assert len(item.attributes["description"]) == 2
    delta = Delta(replace={"description": texts[:2]}, add={"telephoneNumber": ("+1 5550 125", "+15550125")})
    changed = connector.update(ObjectClass.USER, item.remote_id, delta)
    assert (len(changed.attributes["telephoneNumber"]), changed.attributes["description"]) == (3, texts[:1])


def test_a_password_is_sent_as_it_is_and_never_read(slapd: Slapd, connect: Connect) -> None:
    connector = connect()
    spec = connector.schema().objects[ObjectClass.USER].attributes["userPassword"]
    assert (spec.type, spec.readable) == (AttributeType.STRING, False)
    sample = {"uid": ("ada",), "cn": ("Ada",), "sn": ("Example",), "userPassword": ("Geheim-Žofie",)}
    item = connector.create(ObjectClass.USER, sample)
    assert "userPassword" not in item.attributes
    ldap.initialize(slapd.uri).simple_bind_s(item.reference, "Geheim-Žofie")
