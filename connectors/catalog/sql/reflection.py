"""One table as the database describes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import CITEXT, DOMAIN
from sqlalchemy.engine.interfaces import ReflectedColumn

from connectors.catalog.sql.columns import Column
from connectors.catalog.sql.kinds import ColumnKind, kind_of, sqlite_kind
from connectors.catalog.sql.uniqueness import unique_columns
from connectors.spi import Misconfigured, ObjectClass

Place = tuple[str | None, str, str]
"""Schema, table and column."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the database tells of a table.

    Attributes:
        table: for statements; every identifier is quoted. On SQLite its columns have no type: values pass as they are.
        facts: the columns as they were listed. declared: SQLite's own words for their types.
        key: the column that is the primary key on its own, or nothing.
        targets: what columns refer to, by column.
        unique, folded: see `uniqueness`.
    """

    table: sa.Table
    facts: Mapping[str, ReflectedColumn]
    declared: Mapping[str, str]
    key: str
    targets: Mapping[str, Place]
    unique: frozenset[str]
    folded: frozenset[str]

    def columns(self, ids: Mapping[Place, ObjectClass], *, empty_text: bool) -> dict[str, Column]:
        """The usable columns by name.

        Args:
            ids: the id columns of users and groups.
            empty_text: whether nothing may be written as empty text where NULL is not allowed.
        """
        kinds = {name: self._kind(name) for name in self.facts}
        return {
            name: self._column(name, kind, ids, fills=empty_text and kind is ColumnKind.TEXT)
            for name, kind in kinds.items()
            if kind is not None
        }

    def _column(self, name: str, kind: ColumnKind, ids: Mapping[Place, ObjectClass], *, fills: bool) -> Column:
        facts, identity = self.facts[name], self.facts[name].get("identity")
        numbered = self.declared.get(name, "").upper() == "INTEGER" and self.key == name  # sqlite.org/autoinc.html
        return Column(
            column=self.table.columns[name],
            kind=kind,
            length=getattr(facts["type"], "length", None),
            as_text=bool(self.declared),
            unique=name in self.unique,
            folded=name in self.folded or isinstance(facts["type"], CITEXT),
            refers_to=ids.get(self.targets[name]) if name in self.targets else None,
            optional=facts["nullable"] or fills,
            defaulted=numbered or facts.get("default") is not None or identity is not None,
            generated=facts.get("computed") is not None or bool(identity and identity.get("always")),
            fills_empty=fills and not facts["nullable"],
        )

    def _kind(self, name: str) -> ColumnKind | None:
        column_type = self.facts[name]["type"]
        return sqlite_kind(column_type, self.declared[name]) if self.declared else kind_of(column_type)


def described(connection: sa.Connection, name: str, schema: str | None) -> Description:
    """Read the description of a table (raises Misconfigured: there is none of this name)."""
    inspector = sa.inspect(connection)
    try:
        facts = [_unwrapped(each) for each in inspector.get_columns(name, schema=schema)]
    except exc.NoSuchTableError:
        raise Misconfigured(f"There is no table {name!r}.", facts={"stage": "tables"}) from None
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    foreign = inspector.get_foreign_keys(name, schema=schema)
    declared = _declared(connection, name) if connection.dialect.name == "sqlite" else {}
    unique, folded = unique_columns(connection, name, schema)
    return Description(
        table=_table(name, schema, facts, typed=not declared),
        facts={each["name"]: each for each in facts},
        declared=declared,
        key=key[0] if len(key) == 1 else "",
        targets={
            each["constrained_columns"][0]: (
                each["referred_schema"],
                each["referred_table"],
                each["referred_columns"][0],
            )
            for each in foreign
            if len(each["constrained_columns"]) == len(each["referred_columns"]) == 1
        },
        unique=frozenset(unique | set(key if len(key) == 1 else ())),
        folded=frozenset(folded),
    )


def reuses_ids(connection: sa.Connection, table: sa.Table, column: Column) -> bool:
    """Whether the id of a deleted row may be given to a new one (sqlite.org/autoinc.html, section 3)."""
    if connection.dialect.name != "sqlite" or column.kind is not ColumnKind.INTEGER or not column.defaulted:
        return False
    query = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :table_name")
    definition = connection.execute(query, {"table_name": table.name}).scalar() or ""
    return "AUTOINCREMENT" not in str(definition).upper()


def _unwrapped(facts: ReflectedColumn) -> ReflectedColumn:
    """A domain's values are those of the type below it; its checks stay with the database."""
    column_type = facts["type"]
    return {**facts, "type": column_type.data_type} if isinstance(column_type, DOMAIN) else facts


def _table(name: str, schema: str | None, facts: Iterable[ReflectedColumn], *, typed: bool) -> sa.Table:
    columns = [
        sa.Column(each["name"], each["type"] if typed else None, quote=True, comment=each.get("comment"))
        for each in facts
    ]
    return sa.Table(name, sa.MetaData(), *columns, schema=schema, quote=True, quote_schema=True)


def _declared(connection: sa.Connection, name: str) -> dict[str, str]:
    query = sa.text("SELECT name, type FROM pragma_table_xinfo(:table_name)")
    return {row.name: row.type for row in connection.execute(query, {"table_name": name})}
