"""Writing rows: each function works inside the caller's transaction."""

from typing import Any

import sqlalchemy as sa

from connectors.catalog.sql.columns import Column, id_text, id_value, new_id
from connectors.catalog.sql.layout import ObjectTable
from connectors.catalog.sql.rows import find, holder, remote_object
from connectors.spi import AlreadyExists, Attributes, AttributeSpec, Delta, ObjectClass, Rejected, RemoteObject, Values

Written = dict[sa.Column[Any], object]


def insert(connection: sa.Connection, table: ObjectTable, attributes: Attributes, enabled: bool | None) -> RemoteObject:
    """Add a row (raises AlreadyExists, Rejected)."""
    given = {name: values for name, values in attributes.items() if values}
    _check_writable(table, given, creating=True)
    missing = [name for name, spec in specs(table).items() if spec.required and name not in given]
    if missing:
        raise Rejected(f"{', '.join(missing)} must have a value.", facts={"attributes": missing})
    written = _written(table, given)
    refuse_taken_name(connection, table, written[table.name.column])
    for column in table.attributes.values():
        if column.fills_empty and not column.defaulted:
            written.setdefault(column.column, "")
    if table.id.column not in written and not table.id.defaulted:
        written[table.id.column] = new_id(table.id)
    written |= _enabling(table, enabled, creating=True)
    if table.removed and table.removed.off:
        written[table.removed.column.column] = table.removed.column.configured(table.removed.off)
    statement = sa.insert(table.table).values({column.name: value for column, value in written.items()})
    key = connection.execute(statement.returning(table.id.column)).scalar_one()
    return remote_object(table, find(connection, table, id_text(key)))


def change(connection: sa.Connection, table: ObjectTable, remote_id: str, delta: Delta) -> RemoteObject:
    """Apply a delta to the columns of a row (raises Gone, AlreadyExists, Rejected)."""
    before = remote_object(table, find(connection, table, remote_id, lock=True))
    wanted = _after(before.attributes, delta)
    _check_writable(table, wanted, creating=False)
    written = {**_written(table, wanted), **_enabling(table, delta.enabled, creating=False)}
    if table.name.column in written:
        refuse_taken_name(connection, table, written[table.name.column], own_id=remote_id)
    if written:
        key = id_value(table.id, remote_id)
        values = {column.name: value for column, value in written.items()}
        connection.execute(sa.update(table.table).where(table.id.column == key).values(values))
    return remote_object(table, find(connection, table, remote_id))


def remove(connection: sa.Connection, table: ObjectTable, remote_id: str) -> None:
    """Delete a row, or mark it as removed (raises Gone, Rejected)."""
    find(connection, table, remote_id, lock=True)
    mine = table.id.column == id_value(table.id, remote_id)
    if table.removed is None:
        connection.execute(sa.delete(table.table).where(mine))
        return
    switch = table.removed
    values = {switch.column.name: switch.column.configured(switch.on)}
    connection.execute(sa.update(table.table).where(mine).values(values))


def specs(table: ObjectTable) -> dict[str, AttributeSpec]:
    """The attributes of a table as the schema shows them."""
    return {name: _spec(table, column) for name, column in table.attributes.items()}


def refuse_taken_name(
    connection: sa.Connection, table: ObjectTable, name: object, *, own_id: str | None = None
) -> None:
    """Refuse a name that another row has (raises AlreadyExists)."""
    row = holder(connection, table, name)
    if row is None:
        return
    taken = remote_object(table, row)
    if taken.remote_id != own_id:
        raise AlreadyExists(f"{taken.name!r} is taken in {table.table.name}.", remote_id=taken.remote_id)


def _spec(table: ObjectTable, column: Column) -> AttributeSpec:
    if column.name != table.id.name:
        return column.spec(name=column.name == table.name.name)
    return column.id_spec(mapped=table.id_mapped)


def _check_writable(table: ObjectTable, attributes: Attributes, *, creating: bool) -> None:
    known = specs(table)
    for name, values in attributes.items():
        spec = known.get(name)
        if spec is None:
            raise Rejected(f"{table.table.name} has no column {name!r}.", facts={"attribute": name})
        if not (spec.creatable if creating else spec.updatable):
            raise Rejected(f"The column {name!r} cannot be written.", facts={"attribute": name})
        if spec.required and not values:
            raise Rejected(f"{name} must have a value.", facts={"attribute": name})
        if len(values) > 1:
            raise Rejected(f"The column {name!r} takes one value.", facts={"attribute": name})


def _written(table: ObjectTable, attributes: Attributes) -> Written:
    return {
        table.attributes[name].column: _value(table.attributes[name], values) for name, values in attributes.items()
    }


def _value(column: Column, values: Values) -> object:
    if not values:
        return "" if column.fills_empty else None
    try:
        return column.stored(values[0])
    except ValueError as error:
        problem = f"The value of {column.name!r} does not suit its column: {error}."
        raise Rejected(problem, facts={"attribute": column.name}) from None


def _after(before: Attributes, delta: Delta) -> dict[str, Values]:
    """What the delta names, as it should be afterwards."""
    after = dict(delta.replace)
    for name, values in delta.add.items():
        present = after.get(name, before.get(name, ()))
        after[name] = (*present, *dict.fromkeys(value for value in values if value not in present))
    for name, values in delta.remove.items():
        after[name] = tuple(value for value in after.get(name, before.get(name, ())) if value not in values)
    return after


def _enabling(table: ObjectTable, enabled: bool | None, *, creating: bool) -> Written:
    switch = table.enabled
    if switch is None:
        if enabled is False and table.object_class is ObjectClass.USER:
            raise Rejected("Accounts of this system cannot be disabled: no column is set up for that.")
        return {}
    if enabled is None and not creating:
        return {}
    return {switch.column.column: switch.column.configured(switch.off if enabled is False else switch.on)}
