"""What a declaration of a custom attribute may say."""

import re
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _

from identities.actions.attribute_definitions.arguments import NewAttributeDefinition
from identities.errors import RuleViolation
from identities.filters.attributes import RESERVED_NAMES
from identities.models import AttributeDefinition
from identities.rules.naming import check_name, check_text
from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
CHANGEABLE: Final = (
    "label",
    "description",
    "required",
    "sensitive",
    "kind",
    "multi_valued",
    "mutability",
    "uniqueness",
)


def declared(row: NewAttributeDefinition) -> AttributeDefinition:
    """The declaration as it is stored (raises RuleViolation)."""
    if not _NAME.fullmatch(row.name) or row.name.lower() in RESERVED_NAMES:
        message = _("A name starts with a letter, has letters, digits, - and _ only, and is not one the portal uses.")
        raise RuleViolation("invalid_value", message, field="name")
    given = {field: getattr(row, field) for field in CHANGEABLE} | {"label": row.label or row.name}
    definition = AttributeDefinition(name=row.name, **{field: clean(field, value) for field, value in given.items()})
    check_together(definition)
    return definition


def clean(field: str, value: Any) -> Any:
    """A part of a declaration as it is stored (raises RuleViolation)."""
    if field not in CHANGEABLE:
        raise RuleViolation("unknown_attribute", f"{field} of a custom attribute cannot change.", field=field)
    if field == "kind":
        return _kind(value)
    if field == "mutability":
        return _choice(AttributeMutability, field, value)
    if field == "uniqueness":
        return _choice(AttributeUniqueness, field, value)
    if field == "label":
        return check_name(field, value)[:120]
    if field == "description":
        return check_text(field, value, 255)
    return bool(value)


def _kind(value: str) -> AttributeKind:
    try:
        return AttributeKind(value)
    except ValueError:
        message = _("%(value)s is not a type of custom attributes.") % {"value": value}
        raise RuleViolation("invalid_value", message, field="kind") from None


def _choice(choices: type[StrEnum], field: str, value: str) -> Any:
    try:
        return choices(value)
    except ValueError:
        message = f"{field} is one of {', '.join(choices)}."
        raise RuleViolation("invalid_value", message, field=field) from None


def check_together(definition: AttributeDefinition) -> None:
    """Refuse what makes no sense together."""
    if definition.required and definition.mutability == AttributeMutability.READ_ONLY:
        message = _("What API clients cannot write cannot be required: they could create nobody.")
        raise RuleViolation("invalid_value", message, field="mutability")
    if definition.multi_valued and definition.uniqueness == AttributeUniqueness.SERVER:
        message = _("An attribute with several values cannot be unique.")
        raise RuleViolation("invalid_value", message, field="uniqueness")
