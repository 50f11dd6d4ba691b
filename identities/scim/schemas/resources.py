"""The resources this service speaks of, as scim2-models classes: validation, PATCH and `/Schemas` come from them."""

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

from django.conf import settings
from pydantic import AfterValidator, Field, create_model
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Reference,
    Required,
    Resource,
    Returned,
    Uniqueness,
)
from scim2_models import Group as StandardGroup
from scim2_models import User as StandardUser
from scim2_models.resources.group import GroupMember as StandardMember
from scim2_models.resources.user import Email as StandardEmail

from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA, RESERVED_NAMES
from identities.filters.literals import UnfitError, day
from identities.models import AttributeDefinition
from identities.vocabulary import AttributeKind

PYTHON_TYPES: Final[dict[str, Any]] = {
    AttributeKind.STRING: str,
    AttributeKind.BOOLEAN: bool,
    AttributeKind.INTEGER: int,
    AttributeKind.DECIMAL: float,
    AttributeKind.DATE_TIME: str,
}


def _is_day(text: str) -> str:
    try:
        return day(text).isoformat()
    except UnfitError as error:
        raise ValueError(str(error)) from error


Day = Annotated[str, AfterValidator(_is_day)]


class Email(StandardEmail):
    """An address. Directories hold many (`.local`) that the strict check of scim2-models would refuse."""

    value: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Email addresses for the user."""


class User(StandardUser):  # type: ignore[type-arg]  # extensions are bound in `user_model`
    """A user (RFC 7643 section 4.1)."""

    emails: list[Email] | None = None  # type: ignore[assignment]  # a list of a narrower class
    """Email addresses for the user."""


class Manager(ComplexAttribute):
    """The manager; unlike in scim2-models `$ref` may be left out, as Entra and Okta do."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the SCIM resource representing the User's manager."""

    ref: Reference["User"] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")
    """The URI of the SCIM resource representing the User's manager."""

    display_name: Annotated[str | None, Mutability.read_only] = None
    """The displayName of the User's manager."""


class EnterpriseUser(Extension):
    """The enterprise extension (RFC 7643 section 4.3)."""

    __schema__ = URN(ENTERPRISE_SCHEMA)

    employee_number: str | None = None
    """Numeric or alphanumeric identifier assigned to a person."""

    cost_center: str | None = None
    """The name of a cost center."""

    organization: str | None = None
    """The name of an organization."""

    division: str | None = None
    """The name of a division."""

    department: str | None = None
    """The name of a department."""

    manager: Manager | None = None
    """The User's manager."""


class OrgUnit(ComplexAttribute):
    """Where in the organisation the user stands."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The id of the org unit."""

    code: Annotated[str | None, Mutability.read_only] = None
    """The org unit's key in the outside world."""

    name: Annotated[str | None, Mutability.read_only] = None
    """The org unit's name."""


class PortalExtension(Extension):
    """The portal's own extension, completed by the custom attributes an administrator declared."""

    __schema__ = URN(PORTAL_SCHEMA)

    state: Annotated[str | None, Mutability.read_only, Returned.request] = None
    """Where the person stands in the lifecycle: staged, active, deprovisioned."""

    # SCIM has no type for days: the schema shows their form as canonical values.
    start_date: Day | None = Field(None, examples=["2020-01-01"])
    """The first day, such as 2026-05-13."""

    end_date: Day | None = Field(None, examples=["2999-12-31"])
    """The last day."""

    org_unit: Annotated[OrgUnit | None, Mutability.read_only, Returned.request] = None
    """The org unit."""


class GroupMember(StandardMember):
    """A member. Its name is looked up whenever it is read, and so cannot be set."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The member's name."""


class Group(StandardGroup):
    """A group (RFC 7643 section 4.2)."""

    members: list[GroupMember] | None = None  # type: ignore[assignment]  # a list of a narrower class
    """A list of members of the Group."""


# What decides the shape of the portal extension: name, type, several values, required, mutability, uniqueness,
# description.
Definition = tuple[str, str, bool, bool, str, str, str]


def user_model() -> type[Resource[Any]]:
    """The class of users with the custom attributes that were declared a moment ago (PORTAL_VERDICT_SECONDS)."""
    until, model = _declared.get("User", (0.0, None))
    now = time.monotonic()
    if model is None or now >= until:
        rows = AttributeDefinition.objects.order_by("name").values_list(
            "name", "kind", "multi_valued", "required", "mutability", "uniqueness", "description"
        )
        model = build_user_model(tuple(rows))
        _declared["User"] = (now + settings.PORTAL_VERDICT_SECONDS, model)
    return model


_declared: dict[str, tuple[float, type[Resource[Any]]]] = {}


@lru_cache(maxsize=8)
def build_user_model(definitions: Sequence[Definition]) -> type[Resource[Any]]:
    """The class of users with these custom attributes."""
    fields: dict[str, Any] = {}
    for number, (name, kind, multi_valued, required, mutability, uniqueness, description) in enumerate(definitions):
        if name.lower() in RESERVED_NAMES:
            continue
        single = PYTHON_TYPES[kind]
        annotation = list[single] | None if multi_valued else single | None  # type: ignore[valid-type]
        marks = [CaseExact.true, Required(required), Mutability(mutability), Uniqueness(uniqueness)]
        field = Field(None, validation_alias=name, serialization_alias=name, description=description or name)
        fields[f"custom_{number}"] = (Annotated[annotation, *marks], field)
    extension = create_model("Portal", __base__=PortalExtension, __module__=__name__, **fields)
    bound: type[Resource[Any]] = User.__class_getitem__(EnterpriseUser | extension)
    return bound
