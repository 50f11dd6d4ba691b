"""What bounds an API client: whom it may see, what it may write, how often it may call."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from identities.errors import RuleViolation
from identities.filters.parse import parse
from identities.queries.attributes import known_attributes

RATE_LARGEST: Final = 1_000_000
# Not an attribute with an owner, but one that a client can be kept from writing.
ACTIVE: Final = "active"


def clean_limit(field: str, value: Any) -> Any:
    """The value of one of a client's limits as it is kept; other fields stay as they are.

    Raises:
        RuleViolation: `invalid_filter`, `unknown_attribute`, `invalid_value`; with the field.
    """
    if field == "bounds":
        return _clean_bounds(str(value or "").strip())
    if field == "read_only_attributes":
        return _clean_attributes(value)
    if field == "rate_limit" and value is not None and not 1 <= value <= RATE_LARGEST:
        message = _("The limit is between 1 and %(largest)d requests.") % {"largest": RATE_LARGEST}
        raise RuleViolation("invalid_value", message, field=field)
    return value


def _clean_bounds(text: str) -> str:
    try:
        return parse(text, "User").text if text else ""
    except RuleViolation as refusal:
        raise RuleViolation(refusal.code, refusal.message, field="bounds", **refusal.facts) from refusal


def _clean_attributes(names: Sequence[str]) -> list[str]:
    known = {ACTIVE, *known_attributes()} if names else set()
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        message = _("People have no attribute %(name)s.") % {"name": unknown}
        raise RuleViolation("unknown_attribute", message, field="read_only_attributes")
    return sorted(set(names))
