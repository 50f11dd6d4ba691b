"""What a column holds, from the type it was declared with."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connectors.spi import AttributeType


class ColumnKind(StrEnum):
    """The kinds of column the connector can read and write."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    AWARE_DATETIME = "aware_datetime"
    UUID = "uuid"
    BINARY = "binary"


ATTRIBUTE_TYPES = {
    ColumnKind.TEXT: AttributeType.STRING,
    ColumnKind.INTEGER: AttributeType.INTEGER,
    ColumnKind.DECIMAL: AttributeType.DECIMAL,
    ColumnKind.BOOLEAN: AttributeType.BOOLEAN,
    ColumnKind.DATE: AttributeType.DATETIME,
    ColumnKind.DATETIME: AttributeType.DATETIME,
    ColumnKind.AWARE_DATETIME: AttributeType.DATETIME,
    ColumnKind.UUID: AttributeType.STRING,
    ColumnKind.BINARY: AttributeType.BINARY,
}

_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], ColumnKind], ...] = (
    (sa.Boolean, ColumnKind.BOOLEAN),
    (sa.Integer, ColumnKind.INTEGER),
    (sa.Numeric, ColumnKind.DECIMAL),
    (sa.Float, ColumnKind.DECIMAL),
    (sa.Date, ColumnKind.DATE),
    (sa.Uuid, ColumnKind.UUID),
    (sa.LargeBinary, ColumnKind.BINARY),
    (sa.String, ColumnKind.TEXT),
)
_NUMBERS = ("NUM", "DEC", "MONEY")


def kind_of(column_type: sa.types.TypeEngine[Any]) -> ColumnKind | None:
    """The kind of a reflected type; None for those that are left alone (arrays, documents, addresses, ...)."""
    if isinstance(column_type, postgresql.CITEXT):
        return ColumnKind.TEXT
    if isinstance(column_type, sa.DateTime):
        return ColumnKind.AWARE_DATETIME if column_type.timezone else ColumnKind.DATETIME
    return next((kind for known, kind in _KINDS if isinstance(column_type, known)), None)


def sqlite_kind(column_type: sa.types.TypeEngine[Any], declared: str) -> ColumnKind | None:
    """As `kind_of`: SQLite takes any word for a type, and what is not known counts as text."""
    if isinstance(column_type, sa.Numeric) and not declared.upper().startswith(_NUMBERS):
        kind = kind_of(column_type)
        return kind if isinstance(column_type, sa.Float) else ColumnKind.TEXT
    return kind_of(column_type) or ColumnKind.TEXT
