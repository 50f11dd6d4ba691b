"""Querysets whose SQL is made once and run many times with other values.

Making the SQL of a queryset costs several times what running it does, and planning it as much again. What is asked over
and over (a person by id, a page, a lookup by name) is therefore written as a queryset with holes, compiled once, and on
PostgreSQL prepared once for each connection. What may be seen stays where it is decided: in the queryset.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Expression, F, QuerySet

from identities.queries.statements import run
from identities.representation.rendering import compact_json

# Numbers in LIMIT and OFFSET stand in the SQL itself. No page is so long, and none begins there.
LIMIT_HOLE: Final = 987_654_321
OFFSET_HOLE: Final = 876_543_210
_SLICES: Final = {str(LIMIT_HOLE): "limit", str(OFFSET_HOLE): "offset"}
_numbers: Final = count(1)


def id_hole() -> UUID:
    """An id that stands for one that is not known yet."""
    return UUID(int=(0xFFFF << 112) | next(_numbers))


def number_hole() -> int:
    """A number that stands for one that is not known yet; it fits into small columns, too."""
    return 20_000 + next(_numbers) % 10_000


def moment_hole() -> datetime:
    """A moment that stands for one that is not known yet."""
    return datetime(9000, 1, 1, tzinfo=UTC) + timedelta(seconds=next(_numbers))


class Among(Expression):
    """The condition that a column of ids or of texts holds one of those given when the statement runs, as `hole`."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, column: str, hole: "Several", kind: Literal["uuid", "text"] = "uuid") -> None:
        super().__init__()
        self._column: Any = F(column)
        self._hole = hole
        self._kind = kind

    def get_source_expressions(self) -> list[Any]:
        """The column."""
        return [self._column]

    def set_source_expressions(self, exprs: Any) -> None:
        """The column, resolved."""
        (self._column,) = exprs

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """By json_each."""
        column, parameters = compiler.compile(self._column)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, self._hole]  # noqa: S608  the ORM's own

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """By an array."""
        column, parameters = compiler.compile(self._column)
        return f"{column} = ANY(%s::{self._kind}[])", [*parameters, self._hole]


class Several:
    """Where a list of ids or of texts is to stand."""


class UncompilableError(ValueError):
    """A hole's value was made into something else on the way into the SQL."""


class Compiled:
    """The SQL of a queryset of `values_list`, with holes."""

    def __init__(
        self, queryset: "QuerySet[Any]", holes: Mapping[str, Any] | None = None, *, prepare: bool = True
    ) -> None:
        """Compile.

        Args:
            holes: names to what stands for their values in the queryset: a text, an id, a number, or a moment, made
                for it.
            prepare: whether one plan is good for all values.

        Raises:
            UncompilableError: a hole did not come through as it is, alone or in a pattern of LIKE.
        """
        compiler = queryset.query.get_compiler(connection=connection)
        self._prepare = prepare
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            # Nothing can be found whatever the values: the database is not asked.
            sql, parameters = "", ()
        self._sql, slices = _open_slices(sql)
        self._parameters: list[Any] = [_Slot.find(each, holes or {}) for each in parameters]
        # LIMIT and OFFSET stand wherever the queryset was cut; their places among the parameters are found by counting.
        for position, name in slices:
            self._parameters.insert(position, _Slot(name))
        columns = [each[0] for each in compiler.select[: compiler.col_count]]
        self._converters = compiler.get_converters(columns)
        self._compiler = compiler

    def wrap(self, outer: str, columns: int = 0) -> None:
        """Put the SQL into another statement, in the place of `{}`.

        Args:
            columns: how many of the first columns stay what they are.
        """
        if self._sql:
            self._sql = outer.format(self._sql)
        self._converters = {place: how for place, how in self._converters.items() if place < columns}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run with these values for the holes, `limit` and `offset` among them."""
        if not self._sql:
            return []
        parameters = [each.fill(values) if isinstance(each, _Slot) else each for each in self._parameters]
        found = run(self._sql, parameters, prepare=self._prepare)
        if not self._converters:
            return found
        return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]


class CompiledObjects(Compiled):
    """The SQL of a queryset of whole objects, with holes."""

    def objects(self, **values: Any) -> list[Any]:
        """Run with these values for the holes: objects as the queryset would make them, annotations included."""
        found = self.rows(**values)
        if not found:
            return []
        klass = self._compiler.klass_info
        model, start, end = klass["model"], klass["select_fields"][0], klass["select_fields"][-1] + 1
        names = [each[0].target.attname for each in self._compiler.select[start:end]]
        made = []
        for row in found:
            obj = model.from_db(connection.alias, names, row[start:end])
            for name, place in self._compiler.annotation_col_map.items():
                setattr(obj, name, row[place])
            made.append(obj)
        return made


class Counted(Compiled):
    """How many objects a queryset finds."""

    def __init__(self, queryset: "QuerySet[Any]", holes: Mapping[str, Any] | None = None) -> None:
        """Compile; the arguments as for `Compiled`."""
        super().__init__(queryset.order_by().values_list("pk"), holes, prepare=not holes)
        self.wrap("SELECT count(*) FROM ({}) found")

    def number(self, **values: Any) -> int:
        """Count with these values for the holes."""
        rows = self.rows(**values)
        return int(rows[0][0]) if rows else 0


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of a parameter that is filled in when the statement runs. `before`, `after`: a pattern's wildcards."""

    name: str
    before: str = ""
    after: str = ""
    pattern: bool = False

    @staticmethod
    def find(parameter: Any, holes: Mapping[str, Any]) -> Any:
        """The slot that this parameter is, or the parameter."""
        for name, hole in holes.items():
            if not isinstance(hole, str):
                if _stands_for(parameter, hole):
                    return _Slot(name)
            elif isinstance(parameter, str) and hole in parameter:
                before, _, after = parameter.partition(hole)
                if {before, after} - {"", "%"}:
                    raise UncompilableError(parameter)
                return _Slot(name, before, after, pattern=bool(before or after))
        return parameter

    def fill(self, values: Mapping[str, Any]) -> Any:
        """The parameter."""
        value = values[self.name]
        if isinstance(value, list):
            return _several(value)
        if isinstance(value, UUID):
            return value if connection.features.has_native_uuid_field else value.hex
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value)
        if self.pattern:
            return f"{self.before}{connection.ops.prep_for_like_query(value)}{self.after}"
        return value


def _stands_for(parameter: Any, hole: Any) -> bool:
    """Whether a parameter is what became of a hole that is no text."""
    if isinstance(hole, UUID):
        return parameter in (hole, hole.hex)
    if isinstance(hole, datetime):
        return parameter in (hole, connection.ops.adapt_datetimefield_value(hole))
    return parameter is hole or (isinstance(hole, int) and isinstance(parameter, int) and parameter == hole)


def _several(values: list[Any]) -> Any:
    """A list as a parameter. PostgreSQL reads ids from one text, which costs less than to write an array of them."""
    plain = [each.hex if isinstance(each, UUID) else each for each in values]
    if connection.vendor != "postgresql":
        return compact_json(plain)
    return f"{{{','.join(plain)}}}" if values and isinstance(values[0], UUID) else values


def _open_slices(sql: str) -> tuple[str, list[tuple[int, str]]]:
    """The SQL with parameters in the place of `LIMIT_HOLE` and `OFFSET_HOLE`, and where they are among them."""
    places: list[tuple[int, str]] = []

    def open_one(found: re.Match[str]) -> str:
        places.append((sql.count("%s", 0, found.start()) + len(places), _SLICES[found.group()]))
        return "%s"

    return re.sub("|".join(_SLICES), open_one, sql), places
