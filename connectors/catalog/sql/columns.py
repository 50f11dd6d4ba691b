"""One column as the connector uses it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT

from connectors.catalog.sql.kinds import ATTRIBUTE_TYPES, ColumnKind
from connectors.catalog.sql.values import NOW, configured, from_column, to_column
from connectors.spi import AttributeSpec, AttributeType, ObjectClass, Scalar, Values

_WIDE: dict[ColumnKind, sa.types.TypeEngine[Any]] = {
    ColumnKind.INTEGER: sa.BigInteger(),
    ColumnKind.DECIMAL: sa.Double(),
    ColumnKind.TEXT: sa.String(),
}
_HEX_ID = 32
_DASHED_ID = 36


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be read and written.

    Attributes:
        length: how many characters fit in, if that is limited.
        as_text: SQLite keeps dates, ids and truth values in its own way (see `values.to_column`).
        unique: a constraint or index keeps its values unique, be it among some rows only.
        folded: a unique index compares without regard to case, so searches do too.
        refers_to: the object class whose id column this one refers to.
        optional: a new row may leave it out.
        defaulted: the database fills it where it is left out. generated: the database alone writes it.
        fills_empty: nothing is written as empty text, because the column takes no NULL.
    """

    column: sa.Column[object]
    kind: ColumnKind
    length: int | None = None
    as_text: bool = False
    unique: bool = False
    folded: bool = False
    refers_to: ObjectClass | None = None
    optional: bool = True
    defaulted: bool = False
    generated: bool = False
    fills_empty: bool = False

    @property
    def name(self) -> str:
        """Its name in the database, and the name of the attribute."""
        return self.column.name

    def stored(self, value: object) -> object:
        """The value as the column takes it (raises ValueError)."""
        if isinstance(self.column.type, sa.Enum) and value not in self.column.type.enums:
            raise ValueError("it is not one of the column's values")
        return to_column(value, self.kind, as_text=self.as_text)

    def bound(self, value: object) -> sa.ColumnElement[Any]:
        """A stored value to compare the column with, of a type that does not cut it to the column's size."""
        wide = None if self.as_text or isinstance(self.column.type, (sa.Enum, CITEXT)) else _WIDE.get(self.kind)
        return sa.literal(value, wide or self.column.type)

    def equals(self, value: object) -> sa.ColumnElement[bool]:
        """The condition that the column has this stored value, as the database compares."""
        if self.folded and not isinstance(self.column.type, CITEXT):
            return sa.func.lower(self.column) == sa.func.lower(self.bound(value))
        return self.column == self.bound(value)

    def configured(self, text: str) -> object:
        """A configured value as the column takes it (raises ValueError)."""
        return configured(text, self.kind, as_text=self.as_text)

    def holds(self, found: object, text: str) -> bool:
        """Whether what was read is what the configuration means by `text`; `now` means any moment."""
        values = self.values(found)
        if text == NOW and self.kind in (ColumnKind.DATE, ColumnKind.DATETIME, ColumnKind.AWARE_DATETIME):
            return bool(values)
        return values == from_column(self.configured(text), self.kind)

    def condition(self, text: str) -> sa.ColumnElement[bool]:
        """The same question, asked in the database; never NULL."""
        if not text:
            return self.column.is_(None)
        if text == NOW and self.kind in (ColumnKind.DATE, ColumnKind.DATETIME, ColumnKind.AWARE_DATETIME):
            return self.column.is_not(None)
        return sa.and_(self.column.is_not(None), self.column == self.bound(self.configured(text)))

    def values(self, found: object) -> Values:
        """What was read as an attribute's values."""
        values = from_column(found, self.kind, padded=isinstance(self.column.type, sa.CHAR))
        return tuple(map(id_text, values)) if self.refers_to else values

    def id_spec(self, *, mapped: bool) -> AttributeSpec:
        """How the attribute is described if it is the id: never changed, and written only where a mapping gives it."""
        spec = self.spec()
        return replace(
            spec, updatable=False, creatable=spec.creatable and mapped, required=mapped and not self.defaulted
        )

    def spec(self, *, name: bool = False) -> AttributeSpec:
        """How the attribute is described.

        Args:
            name: whether it is the attribute the object is recognised by.
        """
        text = self.kind in (ColumnKind.TEXT, ColumnKind.UUID)
        return AttributeSpec(
            name=self.name,
            type=AttributeType.REFERENCE if self.refers_to else ATTRIBUTE_TYPES[self.kind],
            required=name or not (self.optional or self.defaulted or self.generated),
            creatable=not self.generated,
            updatable=not self.generated,
            case_exact=not (text and self.folded),
            refers_to=self.refers_to,
            description=str(self.column.comment or ""),
        )


def id_text(value: object) -> str:
    """An id as text: the remote id and the reference of its row."""
    return value.isoformat() if isinstance(value, date) else str(value)


def id_value(column: Column, text: Scalar) -> object | None:
    """The id with this text as the column takes it; None if no row can have it."""
    try:
        value = column.stored(text)
    except ValueError:
        return None
    return value if id_text(value) == str(text) or isinstance(value, UUID) else None


def new_id(column: Column) -> object | None:
    """A fresh id where the database gives none; None where the column cannot hold one."""
    if column.kind is ColumnKind.UUID:
        return column.stored(uuid4())
    if column.kind is not ColumnKind.TEXT or (column.length or _DASHED_ID) < _HEX_ID:
        return None
    return str(uuid4()) if (column.length or _DASHED_ID) >= _DASHED_ID else uuid4().hex
