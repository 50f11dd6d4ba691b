"""What the database tells of a table's columns beyond their names."""

import re
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connectors.catalog.sql.columns import Column
from connectors.catalog.sql.kinds import ColumnKind, kind_of, sqlite_kind
from connectors.spi import ObjectClass

_LOWERED = re.compile(r"lower\(\(?\"?(?P<column>[^\"():]+)\"?\)?(?:::[a-z ]+)?\)", re.IGNORECASE)


def reflected(
    connection: sa.Connection, table: sa.Table, ids: Mapping[str, ObjectClass], *, empty_text: bool
) -> dict[str, Column]:
    """The usable columns of a table by name.

    Args:
        ids: full names of the id columns of users and groups.
        empty_text: whether nothing may be written as empty text where NULL is not allowed.
    """
    sqlite = connection.dialect.name == "sqlite"
    declared = _declared(connection, table) if sqlite else {}
    kinds = {
        column.name: sqlite_kind(column.type, declared.get(column.name, "")) if sqlite else kind_of(column.type)
        for column in table.columns
    }
    folded = folded_columns(connection, table)
    if sqlite:
        _take_as_stored(table)
    return {
        column.name: Column(
            column=column,
            kind=kind,
            as_text=sqlite,
            folded=column.name in folded,
            refers_to=_referred(column, ids),
            optional=bool(column.nullable) or (empty_text and kind is ColumnKind.TEXT),
            defaulted=_is_defaulted(column, declared.get(column.name, "")),
            generated=column.computed is not None or bool(column.identity and column.identity.always),
            fills_empty=empty_text and kind is ColumnKind.TEXT and not column.nullable,
        )
        for column in table.columns
        if (kind := kinds[column.name]) is not None
    }


def unique_columns(connection: sa.Connection, table: sa.Table) -> set[str]:
    """The columns that a constraint or index keeps unique on their own, be it among some rows only."""
    inspector = sa.inspect(connection)
    found = {
        _single(each["column_names"]) for each in inspector.get_unique_constraints(table.name, schema=table.schema)
    }
    found |= {_single(column.name for column in table.primary_key.columns)}
    for index in inspector.get_indexes(table.name, schema=table.schema):
        if index["unique"]:
            found |= {_single(index["column_names"])} | _lowered(index.get("expressions", ()))
    return found - {""}


def folded_columns(connection: sa.Connection, table: sa.Table) -> set[str]:
    """The columns whose unique index, or type, compares without regard to case."""
    by_type = {column.name for column in table.columns if isinstance(column.type, postgresql.CITEXT)}
    if connection.dialect.name == "sqlite":
        return by_type | _collated(connection, table)
    indexes = sa.inspect(connection).get_indexes(table.name, schema=table.schema)
    return by_type.union(*(_lowered(index.get("expressions", ())) for index in indexes if index["unique"]))


def _collated(connection: sa.Connection, table: sa.Table) -> set[str]:
    query = sa.text(
        "SELECT part.name FROM pragma_index_list(:table_name) AS list, pragma_index_xinfo(list.name) AS part"
        " WHERE list.\"unique\" = 1 AND part.key = 1 AND part.coll = 'NOCASE' AND part.name IS NOT NULL"
    )
    return set(connection.execute(query, {"table_name": table.name}).scalars())


def _declared(connection: sa.Connection, table: sa.Table) -> dict[str, str]:
    query = sa.text("SELECT name, type FROM pragma_table_xinfo(:table_name)")
    return {row.name: row.type for row in connection.execute(query, {"table_name": table.name})}


def _take_as_stored(table: sa.Table) -> None:
    """SQLite columns hold anything: let values pass as they are, `values` converts them."""
    for column in table.columns:
        column.type = sa.types.NullType()


def _is_defaulted(column: sa.Column[object], declared: str) -> bool:
    """SQLite numbers the rows of a table whose only key is declared as exactly INTEGER (sqlite.org/autoinc.html)."""
    numbered = declared.upper() == "INTEGER" and column.table.primary_key.columns.keys() == [column.name]
    return numbered or column.server_default is not None or column.identity is not None


def _referred(column: sa.Column[object], ids: Mapping[str, ObjectClass]) -> ObjectClass | None:
    names = (key.target_fullname for key in column.foreign_keys)
    return next((ids[name] for name in names if name in ids), None)


def _single(names: Iterable[str | None]) -> str:
    columns = list(names)
    return columns[0] or "" if len(columns) == 1 else ""


def _lowered(expressions: Iterable[str]) -> set[str]:
    """The column of an index on `lower(column)` alone."""
    found = [_LOWERED.fullmatch(each) for each in expressions]
    return {found[0]["column"]} if len(found) == 1 and found[0] else set()
