"""Values on their way into a column and out of it."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from connectors.catalog.sql.kinds import ColumnKind
from connectors.spi import Scalar, Values

NOW = "now"
"""What a configured value says for the current moment."""
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_LARGEST = 2**63


def to_column(value: object, kind: ColumnKind, *, as_text: bool = False) -> object:
    """The value as the column takes it.

    Args:
        as_text: dates as ISO 8601 text, truth values as 0 and 1 and ids as text, as SQLite keeps them.

    Raises:
        ValueError: it cannot be brought to the column's type.
    """
    converted = _TO_COLUMN[kind](value)
    if not as_text:
        return converted
    if isinstance(converted, bool):
        return int(converted)
    if isinstance(converted, datetime):
        return _naive_moment(converted).isoformat(" ")
    return str(converted) if isinstance(converted, (date, UUID)) else converted


def from_column(value: object, kind: ColumnKind, *, padded: bool = False) -> Values:
    """What a column holds as an attribute's values; NULL and empty text are none.

    Args:
        padded: the database fills texts up with blanks, which are no part of the value.
    """
    if value is None or value == "":
        return ()
    if kind in _FROM_COLUMN:
        try:
            return (_FROM_COLUMN[kind](value),)
        except ValueError:  # SQLite stores what it is given, whatever the column says
            return (str(value),)
    text = str(value).rstrip(" ") if padded else str(value)
    return (text,) if text else ()


def configured(text: str, kind: ColumnKind, *, as_text: bool = False) -> object:
    """A value of the configuration as the column takes it: empty is NULL, `now` the moment (raises ValueError)."""
    if not text:
        return None
    if text == NOW and kind in (ColumnKind.DATE, ColumnKind.DATETIME, ColumnKind.AWARE_DATETIME):
        return to_column(datetime.now(UTC), kind, as_text=as_text)
    return to_column(text, kind, as_text=as_text)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, (str, int, float, UUID)):
        raise ValueError("it is not text")
    text = str(value)
    if "\x00" in text or not _is_encodable(text):
        raise ValueError("it holds characters that a database cannot store")
    return text


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _integer(value: object) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("it is not a whole number")
    number = int(value) if isinstance(value, (int, float)) else _written_integer(_text(value))
    if not -_LARGEST <= number < _LARGEST:
        raise ValueError("it is too large a number")
    return number


def _written_integer(text: str) -> int:
    digits = text.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(_LARGEST)):
        raise ValueError("it is not a whole number")
    return int(text)


def _decimal(value: object) -> float:
    number = float(value) if isinstance(value, (int, float, Decimal)) else float(_text(value))
    if not math.isfinite(number):
        raise ValueError("it is not a number")
    return number


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    written = _text(value).strip().lower()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    raise ValueError("it is neither true nor false")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        moment = datetime.fromisoformat(value.strip())
    else:
        raise ValueError("it is not a date")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _naive_moment(value: object) -> datetime:
    try:
        return _moment(value).astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("it is not a date the calendar knows") from None


def _bytes(value: object) -> bytes:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    raise ValueError("it is not binary")


_TO_COLUMN: dict[ColumnKind, Callable[[object], object]] = {
    ColumnKind.TEXT: _text,
    ColumnKind.INTEGER: _integer,
    ColumnKind.DECIMAL: _decimal,
    ColumnKind.BOOLEAN: _boolean,
    ColumnKind.DATE: lambda value: _naive_moment(value).date(),
    ColumnKind.DATETIME: _naive_moment,
    ColumnKind.AWARE_DATETIME: _moment,
    ColumnKind.UUID: lambda value: UUID(_text(value)),
    ColumnKind.BINARY: _bytes,
}
_FROM_COLUMN: dict[ColumnKind, Callable[[object], Scalar]] = {
    ColumnKind.INTEGER: _integer,
    ColumnKind.DECIMAL: _decimal,
    ColumnKind.BOOLEAN: _boolean,
    ColumnKind.DATE: _moment,
    ColumnKind.DATETIME: _moment,
    ColumnKind.AWARE_DATETIME: _moment,
    ColumnKind.BINARY: _bytes,
}
