"""Values by syntax."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.catalog.ldap.values import TYPES_BY_SYNTAX, decoded, encoded
from connectors.spi import AttributeSpec, AttributeType, Scalar

NOON = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attribute_type", "value", "raw"),
    [
        (AttributeType.STRING, "Žofie", "Žofie".encode()),
        (AttributeType.INTEGER, -7, b"-7"),
        (AttributeType.BOOLEAN, True, b"TRUE"),
        (AttributeType.BOOLEAN, False, b"FALSE"),
        (AttributeType.DATETIME, NOON, b"20240229123015Z"),
        (AttributeType.BINARY, b"\xff\x00", b"\xff\x00"),
    ],
)
def test_there_and_back(attribute_type: AttributeType, value: Scalar, raw: bytes) -> None:
    assert encoded(value) == raw
    assert decoded(AttributeSpec("x", attribute_type), [raw]) == (value,)


def test_moments_are_written_in_utc() -> None:
    assert encoded(NOON.astimezone(timezone(timedelta(hours=5)))) == b"20240229123015Z"


@pytest.mark.parametrize(
    "text", ["20240229123015.25Z", "20240229143015+0200", "20240229093015,5-03", "20240229123015+0000"]
)
def test_spellings_of_a_moment(text: str) -> None:
    assert decoded(AttributeSpec("x", AttributeType.DATETIME), [text.encode()]) == (NOON,)


def test_shortened_moment() -> None:
    assert decoded(AttributeSpec("x", AttributeType.DATETIME), [b"2024022912Z"]) == (NOON.replace(minute=0, second=0),)


@pytest.mark.parametrize(
    ("attribute_type", "text"),
    [
        (AttributeType.DATETIME, "000001010000Z"),
        (AttributeType.DATETIME, "20241399000000Z"),
        (AttributeType.INTEGER, "seven"),
        (AttributeType.BOOLEAN, "maybe"),
    ],
)
def test_what_breaks_its_syntax_stays_text(attribute_type: AttributeType, text: str) -> None:
    assert decoded(AttributeSpec("x", attribute_type), [text.encode()]) == (text,)


def test_syntaxes() -> None:
    prefix = "1.3.6.1.4.1.1466.115.121.1."
    assert TYPES_BY_SYNTAX[f"{prefix}28"] is AttributeType.BINARY
    assert TYPES_BY_SYNTAX[f"{prefix}12"] is AttributeType.REFERENCE
    assert f"{prefix}15" not in TYPES_BY_SYNTAX
