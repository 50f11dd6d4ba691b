"""The fixed schema of the in-memory system, and the check of attributes against it."""

from datetime import datetime

from connectors.spi import (
    Attributes,
    AttributeSpec,
    AttributeType,
    ObjectClass,
    ObjectSchema,
    Rejected,
    Schema,
)

_PYTHON_TYPES: dict[AttributeType, tuple[type, ...]] = {
    AttributeType.STRING: (str,),
    AttributeType.REFERENCE: (str,),
    AttributeType.INTEGER: (int,),
    AttributeType.DECIMAL: (int, float),
    AttributeType.BOOLEAN: (bool,),
    AttributeType.DATETIME: (datetime,),
    AttributeType.BINARY: (bytes,),
}


def _by_name(*specs: AttributeSpec) -> dict[str, AttributeSpec]:
    return {spec.name: spec for spec in specs}


USER = ObjectSchema(
    object_class=ObjectClass.USER,
    attributes=_by_name(
        AttributeSpec("userName", required=True),
        AttributeSpec("externalId", case_exact=True, description="holds the portal's UUID"),
        AttributeSpec("givenName"),
        AttributeSpec("familyName"),
        AttributeSpec("displayName"),
        AttributeSpec("title"),
        AttributeSpec("department"),
        AttributeSpec("emails", multi_valued=True),
        AttributeSpec("employeeNumber", case_exact=True),
        AttributeSpec("floor", AttributeType.INTEGER),
        AttributeSpec("contractor", AttributeType.BOOLEAN),
        AttributeSpec("hiredAt", AttributeType.DATETIME),
        AttributeSpec("photo", AttributeType.BINARY),
        AttributeSpec("manager", AttributeType.REFERENCE, case_exact=True, refers_to=ObjectClass.USER),
    ),
    name_attribute="userName",
    marker_attribute="externalId",
)

GROUP = ObjectSchema(
    object_class=ObjectClass.GROUP,
    attributes=_by_name(
        AttributeSpec("displayName", required=True),
        AttributeSpec("externalId", case_exact=True, description="holds the portal's UUID"),
        AttributeSpec("description"),
        AttributeSpec(
            "members", AttributeType.REFERENCE, multi_valued=True, case_exact=True, refers_to=ObjectClass.USER
        ),
    ),
    name_attribute="displayName",
    member_attribute="members",
    marker_attribute="externalId",
)

SCHEMA = Schema(objects={ObjectClass.USER: USER, ObjectClass.GROUP: GROUP})


def check_values(schema: ObjectSchema, attributes: Attributes) -> None:
    """Refuse attributes the schema does not know, too many values, and values of the wrong type (raises Rejected)."""
    for name, values in attributes.items():
        spec = schema.attributes.get(name)
        if spec is None:
            raise Rejected(f"There is no attribute {name!r}.", facts={"attribute": name})
        if len(values) > 1 and not spec.multi_valued:
            raise Rejected(f"The attribute {name!r} takes one value.", facts={"attribute": name})
        if not all(_has_type(value, spec.type) for value in values):
            raise Rejected(f"The attribute {name!r} takes values of type {spec.type}.", facts={"attribute": name})


def check_required(schema: ObjectSchema, attributes: Attributes) -> None:
    """Refuse an object that lacks a required attribute (raises Rejected)."""
    for name, spec in schema.attributes.items():
        if spec.required and not attributes.get(name):
            raise Rejected(f"The attribute {name!r} is required.", facts={"attribute": name})


def _has_type(value: object, attribute_type: AttributeType) -> bool:
    if isinstance(value, bool):
        return attribute_type is AttributeType.BOOLEAN
    return isinstance(value, _PYTHON_TYPES[attribute_type])
