"""The schemas of the resource types as `/Schemas` and the OpenAPI document tell them (RFC 7643 section 7)."""

from typing import Any

from scim2_models import Mutability, Schema

from identities.scim.org_unit_resource import OrgUnit
from identities.scim.resources import EnterpriseUser, Group, User, user_model


def published_schemas(resource: str) -> list[Schema]:
    """The schemas of a resource type as they are served, the core one first.

    With the custom attributes that are declared now. `password` is in there because clients build their users from the
    schema, but as read-only: what clients send is ignored (RFC 7644 section 3.5.1), which is what happens to passwords.
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
    return schemas
