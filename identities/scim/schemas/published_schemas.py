"""The schemas of the resource types as `/Schemas` and the OpenAPI document tell them (RFC 7643 section 7)."""

from collections.abc import Collection
from typing import Any

from scim2_models import Attribute, Mutability, Schema

from identities.filters.attributes import USER_SCHEMA, scim_name
from identities.rules.attributes import USER_NAME
from identities.scim.schemas.org_unit import OrgUnit
from identities.scim.schemas.resources import EnterpriseUser, Group, User, user_model


def published_schemas(resource: str, locked: Collection[str] = ()) -> list[Schema]:
    """The schemas of a resource type as they are served, the core one first.

    With the custom attributes that are declared now. `password` is in there because clients build their users from the
    schema, but as read-only: what clients send is ignored (RFC 7644 section 3.5.1), which is what happens to passwords.

    Args:
        locked: the attributes of people, by our names, that the reader may not write: read-only for it. The user name
            is immutable instead, as POST needs it.
    """
    models: list[Any]
    match resource:
        case "User":
            models = [User, EnterpriseUser, user_model().get_extension_model("Portal")]
        case "Group":
            models = [Group]
        case _:
            models = [OrgUnit]
    schemas = [model.to_schema() for model in models]
    for schema in schemas:
        for each in schema.attributes or ():
            if each.name == "password":
                each.mutability = Mutability.read_only
    if resource == "User" and locked:
        _lock(schemas, {scim_name(name): name for name in locked})
    return schemas


def _lock(schemas: list[Schema], names: dict[str, str]) -> None:
    for schema in schemas:
        urn = "" if schema.id == USER_SCHEMA else f"{schema.id}:"
        for each in schema.attributes or ():
            path = f"{urn}{each.name}"
            if path in names:
                _make(each, Mutability.immutable if names[path] == USER_NAME else Mutability.read_only)
            for part in each.sub_attributes or ():
                if f"{path}.{part.name}" in names:
                    _make(part, Mutability.read_only)


def _make(attribute: Attribute, mutability: Mutability) -> None:
    for each in (attribute, *(attribute.sub_attributes or ())):
        each.mutability = mutability
