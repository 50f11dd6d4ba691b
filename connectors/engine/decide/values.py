"""Values as a system holds them: brought to the type of their attribute, and compared as the system compares them."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from connectors.spi import AttributeSpec, AttributeType, Scalar, Values
from identities.canonical import fold

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def normalised(value: object, spec: AttributeSpec) -> Values:
    """A mapped value as the values of this attribute: duplicates and nothings left out, the order kept.

    Raises:
        ValueError: it cannot be brought to the attribute's type, or there are several for an attribute that holds one.
    """
    entries = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    converted = [_TO_TYPE[spec.type](each) for each in entries if each is not None and each != ""]
    unique = tuple(_by_key(converted, spec).values())
    if len(unique) > 1 and not spec.multi_valued:
        raise ValueError(f"it holds one value, not {len(unique)}")
    return unique


def same(left: Values, right: Values, spec: AttributeSpec) -> bool:
    """Whether the system would take both for equal: whatever the order, and the case where it does not count."""
    return _by_key(left, spec).keys() == _by_key(right, spec).keys()


def holds(values: Values, value: str, spec: AttributeSpec) -> bool:
    """Whether `value` is among the values, as the system compares them."""
    return _key(value, spec) in _by_key(values, spec)


def _by_key(values: Iterable[Scalar], spec: AttributeSpec) -> dict[object, Scalar]:
    found: dict[object, Scalar] = {}
    for value in values:
        found.setdefault(_key(value, spec), value)
    return found


def _key(value: Scalar, spec: AttributeSpec) -> object:
    """What decides equality. A value of another type than the schema says compares by its text."""
    try:
        typed = _TO_TYPE[spec.type](value)
    except ValueError:
        typed = _text(value)
    if isinstance(typed, datetime):
        return typed.astimezone(UTC)
    if isinstance(typed, str):
        return typed if spec.case_exact else fold(typed)
    return (isinstance(typed, bool), typed)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, float, UUID)):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise ValueError("it is not a plain value")


def _integer(value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value} is not a whole number")
    try:
        return int(value) if isinstance(value, (int, float)) else int(_text(value).strip())
    except (ValueError, OverflowError):
        raise ValueError("it is not a whole number") from None


def _decimal(value: object) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else float(_text(value).strip())
    except (ValueError, OverflowError):
        raise ValueError("it is not a number") from None


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError("it is neither true nor false")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time(), UTC)
    else:
        try:
            moment = datetime.fromisoformat(_text(value).strip())
        except ValueError:
            raise ValueError("it is not a date and time") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is not a date and time the calendar knows") from None


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise ValueError("it is not base64") from None


_TO_TYPE: dict[AttributeType, Callable[[object], Scalar]] = {
    AttributeType.STRING: _text,
    AttributeType.REFERENCE: _text,
    AttributeType.INTEGER: _integer,
    AttributeType.DECIMAL: _decimal,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.DATETIME: _moment,
    AttributeType.BINARY: _bytes,
}


def displayed(values: Sequence[Scalar]) -> str:
    """The values for a person to read."""
    return ", ".join(f"({len(each)} bytes)" if isinstance(each, bytes) else _text(each) for each in values)
