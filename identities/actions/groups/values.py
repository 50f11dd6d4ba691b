"""What the values of groups may be."""

from typing import Any, Final

from identities.errors import RuleViolation
from identities.rules.naming import check_name, check_text
from identities.rules.ownership import is_empty

DESCRIPTION_LENGTH: Final = 1024


def clean(name: str, value: Any) -> str:
    """The value of `display_name` or `description` as it is stored.

    Raises:
        RuleViolation: `unknown_attribute`, `invalid_value`, or the text is not allowed.
    """
    if name not in ("display_name", "description"):
        raise RuleViolation("unknown_attribute", f"Groups have no attribute {name}.", field=name)
    if is_empty(value):
        value = ""
    if not isinstance(value, str):
        raise RuleViolation("invalid_value", f"{name} must be a text.", field=name)
    if name == "display_name":
        return check_name(name, value)
    return check_text(name, value, DESCRIPTION_LENGTH, several_lines=True)
