"""What an account file and a group file can hold."""

from connectors.spi import Attributes, AttributeSpec, AttributeType, ObjectClass, ObjectSchema, Rejected, Schema


def _by_name(*specs: AttributeSpec) -> dict[str, AttributeSpec]:
    return {spec.name: spec for spec in specs}


USER = ObjectSchema(
    object_class=ObjectClass.USER,
    attributes=_by_name(
        AttributeSpec("login", required=True),
        AttributeSpec("full_name"),
        AttributeSpec("note"),
        AttributeSpec("mail", multi_valued=True),
        AttributeSpec("manager", AttributeType.REFERENCE, case_exact=True, refers_to=ObjectClass.USER),
        AttributeSpec("portal_id", case_exact=True, description="marks the account as the portal's own"),
    ),
    name_attribute="login",
    marker_attribute="portal_id",
)
GROUP = ObjectSchema(
    object_class=ObjectClass.GROUP,
    attributes=_by_name(
        AttributeSpec("name", required=True),
        AttributeSpec(
            "members", AttributeType.REFERENCE, multi_valued=True, case_exact=True, refers_to=ObjectClass.USER
        ),
    ),
    name_attribute="name",
    member_attribute="members",
)
SCHEMA = Schema(objects={ObjectClass.USER: USER, ObjectClass.GROUP: GROUP})


def check(schema: ObjectSchema, attributes: Attributes) -> None:
    """Refuse what a file cannot hold: unknown attributes, several values, other types (raises Rejected)."""
    for name, values in attributes.items():
        spec = schema.attributes.get(name)
        if spec is None:
            raise Rejected(f"There is no attribute {name!r}.", facts={"attribute": name})
        if len(values) > 1 and not spec.multi_valued:
            raise Rejected(f"The attribute {name!r} takes one value.", facts={"attribute": name})
        if not all(isinstance(value, str) for value in values):
            raise Rejected(f"The attribute {name!r} takes text.", facts={"attribute": name})


def check_complete(schema: ObjectSchema, attributes: Attributes) -> None:
    """Refuse an object that lacks a required attribute (raises Rejected)."""
    for name, spec in schema.attributes.items():
        if spec.required and not attributes.get(name):
            raise Rejected(f"The attribute {name!r} is required.", facts={"attribute": name})
