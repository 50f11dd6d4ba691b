"""Values on their way to and from the directory, by the syntax of their attribute (RFC 4517)."""

import re
from datetime import UTC, datetime, timedelta, timezone

from connectors.spi import AttributeSpec, AttributeType, Scalar, Values

TYPES_BY_SYNTAX = {
    f"1.3.6.1.4.1.1466.115.121.1.{number}": attribute_type
    for attribute_type, numbers in {
        AttributeType.BINARY: (4, 5, 8, 9, 10, 23, 28, 40),
        AttributeType.BOOLEAN: (7,),
        AttributeType.REFERENCE: (12, 34),
        AttributeType.DATETIME: (24,),
        AttributeType.INTEGER: (27,),
    }.items()
    for number in numbers
}
"""Syntaxes that are not plain text; every other one is."""

_GENERALIZED_TIME = re.compile(
    r"(?P<date>\d{10})(?P<minute>\d{2})?(?P<second>\d{2})?(?:[.,]\d+)?(?P<zone>Z|[+-]\d{2}(?:\d{2})?)"
)


def encoded(value: Scalar) -> bytes:
    """A value as the directory takes it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"TRUE" if value else b"FALSE"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
    return str(value).encode()


def decoded(spec: AttributeSpec, raw: list[bytes]) -> Values:
    """The values of an attribute; one that does not keep its own syntax is left as text."""
    if spec.type is AttributeType.BINARY:
        return tuple(raw)
    return tuple(_from_text(spec.type, value.decode(errors="replace")) for value in raw)


def _from_text(attribute_type: AttributeType, text: str) -> Scalar:
    if attribute_type is AttributeType.BOOLEAN and text.upper() in {"TRUE", "FALSE"}:
        return text.upper() == "TRUE"
    if attribute_type is AttributeType.INTEGER and text.removeprefix("-").isdecimal():
        return int(text)
    if attribute_type is AttributeType.DATETIME:
        return _from_generalized_time(text)
    return text


def _from_generalized_time(text: str) -> datetime | str:
    """A moment in the notation of RFC 4517 section 3.3.13, fractions left away; the text itself if it is none."""
    found = _GENERALIZED_TIME.fullmatch(text)
    if found is None:
        return text
    digits = found["date"] + (found["minute"] or "00") + (found["second"] or "00")
    try:
        moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=_zone(found["zone"]))
    except ValueError:
        return text
    return moment.astimezone(UTC)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    return timezone(-offset if text[0] == "-" else offset)
