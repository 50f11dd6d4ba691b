"""Reading rows as remote objects."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from connectors.catalog.sql.columns import Column, id_text, id_value
from connectors.catalog.sql.conditions import condition, equals
from connectors.catalog.sql.layout import MembershipTable, ObjectTable
from connectors.spi import Filter, Gone, Misconfigured, ObjectClass, Page, RemoteObject, Scalar

Row = sa.Row[Any]


def remote_object(table: ObjectTable, row: Row) -> RemoteObject:
    """A row as the SPI shows it."""
    found = row._mapping
    attributes = {name: column.values(found[column.column]) for name, column in table.attributes.items()}
    remote_id = id_text(attributes[table.id.name][0] if attributes[table.id.name] else "")
    name = attributes[table.name.name]
    switch = table.enabled
    return RemoteObject(
        object_class=table.object_class,
        remote_id=remote_id,
        reference=remote_id,
        name=str(name[0]) if name else remote_id,
        attributes={name: values for name, values in attributes.items() if values},
        enabled=switch.column.holds(found[switch.column.column], switch.on) if switch else None,
    )


def find(connection: sa.Connection, table: ObjectTable, remote_id: Scalar, *, lock: bool = False) -> Row:
    """The row with this id, locked against others' changes if asked (raises Gone)."""
    value = id_value(table.id, remote_id)
    query = _query(table).where(sa.false() if value is None else table.id.column == table.id.bound(value))
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        kind = "account" if table.object_class is ObjectClass.USER else "group"
        raise Gone(f"There is no {kind} with the id {id_text(remote_id)} in {table.table.name}.")
    return row


def holder(connection: sa.Connection, table: ObjectTable, name: object, *, removed: bool = False) -> Row | None:
    """The row that has this name; with `removed` one that is marked as removed."""
    states = [table.present()] if not removed else [sa.not_(table.present())]
    return connection.execute(_query(table, states).where(equals(table.name, name)).limit(1)).first()


def page(
    connection: sa.Connection,
    table: ObjectTable,
    memberships: MembershipTable | None,
    filter: Filter | None,
    *,
    cursor: str | None,
    limit: int,
) -> Page:
    """One page in the order of the ids; the cursor is the last id given (raises Misconfigured: it is none of ours)."""
    query = _query(table).order_by(table.id.column).limit(limit + 1)
    if filter is not None:
        query = query.where(condition(filter, table, memberships))
    if cursor is not None:
        after = id_value(table.id, cursor)
        if after is None:
            raise Misconfigured("This is not a cursor of this connector.")
        query = query.where(table.id.column > table.id.bound(after))
    items = [remote_object(table, row) for row in connection.execute(query)]
    return Page(tuple(items[:limit]), items[limit - 1].remote_id if len(items) > limit else None)


def _query(table: ObjectTable, states: list[sa.ColumnElement[bool]] | None = None) -> sa.Select[Any]:
    """The columns in use of the rows that are not marked as removed."""
    columns: dict[str, Any] = {column.name: column.column for column in _used(table)}
    return sa.select(*columns.values()).where(*(states or [table.present()]))


def _used(table: ObjectTable) -> Iterator[Column]:
    yield from table.attributes.values()
    yield table.id
    yield table.name
    if table.enabled:
        yield table.enabled.column
