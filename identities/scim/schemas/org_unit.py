"""Org units as a resource type of the portal's own."""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import URN, CaseExact, ComplexAttribute, Mutability, Reference, Required, Resource, Uniqueness

from identities.filters.attributes import ORG_UNIT_SCHEMA
from identities.scim.schemas.resources import User


class Parent(ComplexAttribute):
    """The org unit above."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the org unit above."""

    ref: Reference["OrgUnit"] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")
    """The address of the org unit above."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the org unit above."""


class UnitManager(ComplexAttribute):
    """Who manages the org unit."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the user who manages the org unit."""

    ref: Reference[User] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")
    """The address of the user who manages the org unit."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the user who manages the org unit."""


class OrgUnit(Resource[Any]):
    """A department, division or company."""

    __schema__ = URN(ORG_UNIT_SCHEMA)

    name: Annotated[str | None, Required.true] = None
    """The org unit's name."""

    code: Annotated[str | None, Required.true, Uniqueness.server] = None
    """The org unit's key in the outside world."""

    parent: Parent | None = None
    """The org unit above, none at the top."""

    manager: UnitManager | None = None
    """Who manages the org unit."""
