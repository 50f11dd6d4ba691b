"""Which values a user's attributes may have."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from identities.errors import RuleViolation
from identities.rules.attributes import DATES, TEXT_LENGTHS, USER_NAME
from identities.rules.naming import check_name, check_text
from identities.rules.ownership import is_empty
from identities.vocabulary import AttributeKind, AttributeMutability

CUSTOM_TEXT_LENGTH: Final = 4000
CUSTOM_VALUES: Final = 200
_WORDS: Final = {"true": True, "false": False}
# Origins that write over the network, for a client or a person.
_OUTSIDE: Final = ("scim", "idp", "self")
_SCRIPT_SCHEMES: Final = ("javascript:", "data:", "vbscript:")


@dataclass(frozen=True, slots=True)
class CustomAttribute:
    """A declared custom attribute."""

    name: str
    kind: AttributeKind
    multi_valued: bool = False
    required: bool = False
    mutability: AttributeMutability = AttributeMutability.READ_WRITE
    unique: bool = False

    @property
    def field(self) -> str:
        """What actions call it."""
        return f"custom.{self.name}"


def clean_single(attribute: str, value: Any) -> Any:
    """A text or a date as it is stored (no value: the empty text, or None for a date).

    Raises:
        RuleViolation: the value is of the wrong type, too long, or not allowed; `field` names the attribute.
    """
    if attribute in DATES:
        return clean_date(attribute, value)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise wrong_type(attribute, "a text")
    if attribute == USER_NAME:
        return check_name(attribute, value)
    if attribute == "profile_url" and value.strip().lower().startswith(_SCRIPT_SCHEMES):
        raise RuleViolation("invalid_value", "profile_url is not the address of a page.", field=attribute)
    return check_text(attribute, value, TEXT_LENGTHS[attribute])


def clean_date(attribute: str, value: Any) -> date | None:
    """A day, given as a date or as ISO 8601 text; None if empty. Raises RuleViolation."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong_type(attribute, "a date (YYYY-MM-DD)") from None


def clean_custom(definition: CustomAttribute, value: Any) -> Any:
    """The value of a custom attribute as it is stored (None: no value).

    Texts are read as the declared type. Raises RuleViolation.
    """
    field = f"custom.{definition.name}"
    if value is None or value == "" or value == []:
        if definition.required:
            raise RuleViolation("required", f"{field} must have a value.", field=field)
        return None
    if not definition.multi_valued:
        return _clean_custom_one(field, definition.kind, value)
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(values) > CUSTOM_VALUES:
        raise RuleViolation("too_many", f"{field} has more than {CUSTOM_VALUES} values.", field=field)
    return [_clean_custom_one(field, definition.kind, each) for each in values]


def may_set(definition: CustomAttribute, origin: str) -> bool:
    """Whether values of the attribute may come from there: what is readOnly, no client or person writes."""
    outside = origin.partition(":")[0] in _OUTSIDE
    return not (outside and definition.mutability == AttributeMutability.READ_ONLY)


def stays(definition: CustomAttribute, before: Any, value: Any, origin: str) -> bool:
    """Whether a value stays as it is, whatever `origin` wants it to be: it is readOnly, or immutable and would be lost.

    Raises:
        RuleViolation: `immutable`: another value is given for one that is there once and for all.
    """
    if before == value:
        return False
    if not may_set(definition, origin):
        return True
    if definition.mutability != AttributeMutability.IMMUTABLE or is_empty(before):
        return False
    if not is_empty(value):
        message = f"{definition.field} has a value, which cannot change any more."
        raise RuleViolation("immutable", message, field=definition.field)
    return True


def definition_of(attribute_name: str, definitions: Mapping[str, CustomAttribute]) -> CustomAttribute:
    """The declaration of a custom attribute, however its name is spelt; raises RuleViolation for one that nobody
    declared.
    """
    found = definitions.get(attribute_name.lower())
    if found is None:
        field = f"custom.{attribute_name}"
        raise RuleViolation("unknown_attribute", f"There is no custom attribute {attribute_name}.", field=field)
    return found


def wrong_type(field: str, expected: str) -> RuleViolation:
    """The refusal of a value that is not what it should be."""
    return RuleViolation("invalid_value", f"{field} must be {expected}.", field=field)


def _clean_custom_one(field: str, kind: AttributeKind, value: Any) -> Any:
    if kind == AttributeKind.STRING:
        if not isinstance(value, str):
            raise wrong_type(field, "a text")
        return check_text(field, value, CUSTOM_TEXT_LENGTH, several_lines=True)
    if kind == AttributeKind.BOOLEAN:
        return _boolean(field, value)
    if kind == AttributeKind.DATE_TIME:
        return _date_time(field, value)
    return _number(field, value, whole=kind == AttributeKind.INTEGER)


def _boolean(field: str, value: Any) -> bool:
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower())
    if not isinstance(value, bool):
        raise wrong_type(field, "true or false")
    return value


def _number(field: str, value: Any, *, whole: bool) -> int | float:
    expected = "a whole number" if whole else "a number"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise wrong_type(field, expected)
    try:
        number = float(value)
        exact = int(value) if whole else number
    except (ValueError, OverflowError):
        raise wrong_type(field, expected) from None
    if not math.isfinite(number) or (whole and exact != number) or abs(number) >= 2**63:
        raise wrong_type(field, expected)
    return exact


def _date_time(field: str, value: Any) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong_type(field, "a date with time (ISO 8601)") from None
    return str(value)
