"""The subschema as the engine's schema."""

import pytest

from connectors.spi import AttributeType, Misconfigured, ObjectClass
from tests.connectors.catalog.ldap.conftest import Connect


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
        connect(marker_attribute="uidNumber")
