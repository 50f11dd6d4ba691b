"""Which columns the database keeps unique on their own, and whether case counts there."""

import re
from collections.abc import Iterable

import sqlalchemy as sa

_LOWERED = re.compile(r".*?lower\s*\(\(?\"?(?P<column>[^\"():]+)\"?\)?(?:::[a-z ]+)?\)", re.IGNORECASE | re.DOTALL)
_SQLITE_INDEXES = sa.text(
    """SELECT max(part.name) AS name, max(part.coll) AS collation, max(definition.sql) AS definition
    FROM pragma_index_list(:table_name) AS list
    JOIN pragma_index_xinfo(list.name) AS part ON part.key = 1
    LEFT JOIN sqlite_schema AS definition ON definition.type = 'index' AND definition.name = list.name
    WHERE list."unique" = 1 GROUP BY list.name HAVING count(*) = 1"""
)


def unique_columns(connection: sa.Connection, table: str, schema: str | None) -> tuple[set[str], set[str]]:
    """The columns kept unique by a constraint or index, be it among some rows only; and those of them without case.

    An index on `lower(column)` counts for its column.
    """
    if connection.dialect.name == "sqlite":
        return _of_sqlite(connection, table)
    inspector = sa.inspect(connection)
    indexes = [each for each in inspector.get_indexes(table, schema=schema) if each["unique"]]
    constraints = inspector.get_unique_constraints(table, schema=schema)
    plain = [each["column_names"] for each in indexes] + [list(each["column_names"]) for each in constraints]
    folded: set[str] = set().union(*(_only(each.get("expressions", ())) for each in indexes))
    return {names[0] for names in plain if len(names) == 1 and names[0]} | folded, folded


def _of_sqlite(connection: sa.Connection, table: str) -> tuple[set[str], set[str]]:
    """From SQLite's own lists: the inspector leaves out indexes on expressions, and constraints it cannot read."""
    unique: set[str] = set()
    folded: set[str] = set()
    for index in connection.execute(_SQLITE_INDEXES, {"table_name": table}):
        lowered = set() if index.name else _lowered(index.definition or "")
        unique |= {index.name} if index.name else lowered
        folded |= {index.name} if index.name and index.collation == "NOCASE" else lowered
    return unique, folded


def _only(expressions: Iterable[str]) -> set[str]:
    found = list(expressions)
    return _lowered(found[0]) if len(found) == 1 else set()


def _lowered(definition: str) -> set[str]:
    found = _LOWERED.match(definition)
    return {found["column"]} if found else set()
