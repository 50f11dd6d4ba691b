"""The values in a filter, read as the type of the attribute they are compared with. Plain Python."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from scim2_models.path import CompareOperator

from identities.canonical import fold
from identities.filters.attributes import Attribute, Kind

EQUALITY: Final = frozenset({CompareOperator.eq, CompareOperator.ne})
SUBSTRING: Final = frozenset({CompareOperator.co, CompareOperator.sw, CompareOperator.ew})
# Beyond it a JSON number is not the same number in every program (RFC 8259 section 6).
LARGEST_NUMBER: Final = 2**53

# xsd:dateTime (RFC 7643 section 2.3.5); a missing time zone means UTC.
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)?", re.ASCII)


class UnfitError(ValueError):
    """The value or the operator does not fit the attribute."""


def literal(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    """Return `value` as the attribute's type, folded if the attribute compares without regard to case.

    Raises:
        UnfitError: the attribute cannot be compared with this value or by this operator.
    """
    if isinstance(value, str):
        refuse_unstorable(value)
    if value is None:
        return _only(EQUALITY, operator, "null", None)
    return _READERS[attribute.kind](attribute, operator, value)


def refuse_unstorable(text: str) -> None:
    """Refuse characters no database column can hold: NUL and lone surrogates (raises UnfitError)."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UnfitError("the value holds a character that no attribute can hold")


def moment(text: str) -> datetime:
    """An xsd:dateTime as an aware datetime in UTC (raises UnfitError)."""
    if not _DATE_TIME.fullmatch(text):
        raise UnfitError(f"{text!r} is not a date and time such as 2011-05-13T04:42:34Z")
    whole, dot, rest = text.partition(".")
    fraction = re.match(r"\d*", rest)
    digits = fraction.group() if fraction else ""
    try:
        read = datetime.fromisoformat(whole + dot + digits[:6] + rest[len(digits) :])
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnfitError(f"{text!r} is not a date and time") from error


def day(text: str) -> date:
    """A date; the time of day of an xsd:dateTime is cut off (raises UnfitError)."""
    try:
        return date.fromisoformat(text) if len(text) == len("2011-05-13") else moment(text).date()
    except ValueError as error:
        raise UnfitError(f"{text!r} is not a date such as 2011-05-13") from error


def _only(allowed: frozenset[CompareOperator], operator: CompareOperator, what: str, value: Any) -> Any:
    if operator not in allowed:
        raise UnfitError(f"{operator.value!r} cannot be used with {what}")
    return value


def _string(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitError(f"{attribute.name} is compared with a text in double quotes")
    return value


def _text(attribute: Attribute, operator: CompareOperator, value: Any) -> str:
    text = _string(attribute, value)
    if operator in SUBSTRING:
        # White space at the ends belongs to a fragment.
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    return fold(text)


def _exact_text(attribute: Attribute, operator: CompareOperator, value: Any) -> str:
    return _string(attribute, value)


def _identifier(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    return _only(EQUALITY, operator, "an identifier", _string(attribute, value))


def _boolean(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    # Entra writes booleans in filters as texts.
    read = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(read, bool):
        raise UnfitError(f"{attribute.name} is compared with true or false")
    return _only(EQUALITY, operator, "a boolean", read)


def _date_time(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    return _only(frozenset(CompareOperator) - SUBSTRING, operator, "a date", moment(_string(attribute, value)))


def _date(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    return _only(frozenset(CompareOperator) - SUBSTRING, operator, "a date", day(_string(attribute, value)))


def _custom(attribute: Attribute, operator: CompareOperator, value: Any) -> Any:
    if isinstance(value, bool):
        return _only(EQUALITY, operator, "a boolean", value)
    if isinstance(value, int | float):
        if abs(value) > LARGEST_NUMBER:
            raise UnfitError("the number is too large")
        return _only(frozenset(CompareOperator) - SUBSTRING, operator, "a number", value)
    return _string(attribute, value)


_READERS: Final[dict[Kind, Callable[[Attribute, CompareOperator, Any], Any]]] = {
    Kind.TEXT: _text,
    Kind.EXACT_TEXT: _exact_text,
    Kind.IDENTIFIER: _identifier,
    Kind.BOOLEAN: _boolean,
    Kind.DATE_TIME: _date_time,
    Kind.DATE: _date,
    Kind.CUSTOM: _custom,
}
