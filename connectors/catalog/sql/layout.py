"""The configured tables as the database describes them. No identifier comes from anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from connectors.catalog.sql.columns import Column, new_id
from connectors.catalog.sql.configuration import Deletion, SqlConfiguration
from connectors.catalog.sql.reflection import reflected
from connectors.spi import Misconfigured, ObjectClass


@dataclass(frozen=True, slots=True)
class Switch:
    """A column that says one of two things, such as enabled or disabled."""

    column: Column
    on: str
    off: str


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """The table of one object class.

    Attributes:
        id: its value never changes. name: the column objects are recognised by. attributes: those that are read and
            written, by name, both of these included.
        id_mapped: ids are given by a mapping instead of being generated.
        enabled, removed: the columns for these states; they are no attributes.
        marker: name of the attribute that holds the portal's id.
    """

    object_class: ObjectClass
    table: sa.Table
    id: Column
    name: Column
    attributes: Mapping[str, Column]
    id_mapped: bool = False
    enabled: Switch | None = None
    removed: Switch | None = None
    marker: str | None = None

    def present(self) -> sa.ColumnElement[bool]:
        """The condition that a row is not marked as removed."""
        if self.removed is None:
            return sa.true()
        return sa.not_(self.removed.column.condition(self.removed.on))


@dataclass(frozen=True, slots=True)
class MembershipTable:
    """The table that says who is in which group."""

    table: sa.Table
    group: Column
    user: Column


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything the configuration names."""

    users: ObjectTable
    groups: ObjectTable | None = None
    memberships: MembershipTable | None = None

    def of(self, object_class: ObjectClass) -> ObjectTable:
        """The table of an object class (raises Misconfigured: groups are not set up)."""
        table = self.users if object_class is ObjectClass.USER else self.groups
        if table is None:
            raise Misconfigured("No groups table is set up.")
        return table


def read_layout(connection: sa.Connection, configuration: SqlConfiguration) -> Layout:
    """Read the configured tables from the database (raises Misconfigured: something is not there, or not usable)."""
    names = (configuration.users_table, configuration.groups_table, configuration.membership_table)
    if not configuration.users_table:
        raise Misconfigured("No users table is set up.", facts={"stage": "tables"})
    metadata = sa.MetaData()
    tables = {name: _table(connection, metadata, name, configuration.schema_name) for name in names if name}
    users = _users(connection, tables, configuration)
    groups = _groups(connection, tables, configuration) if configuration.groups_table else None
    return Layout(users, groups, _memberships(connection, tables, configuration))


def _table(connection: sa.Connection, metadata: sa.MetaData, name: str, schema: str) -> sa.Table:
    try:
        return sa.Table(name, metadata, schema=schema or None, autoload_with=connection, resolve_fks=False)
    except (exc.NoSuchTableError, exc.UnreflectableTableError):
        raise Misconfigured(f"There is no table {name!r}.", facts={"stage": "tables"}) from None


def _users(connection: sa.Connection, tables: Mapping[str, sa.Table], settings: SqlConfiguration) -> ObjectTable:
    table = tables[settings.users_table]
    columns = reflected(connection, table, _ids(tables, settings), empty_text=settings.empty_text)
    enabled = _switch(table, columns, settings.enabled_column, settings.enabled_value, settings.disabled_value)
    marked = settings.deleted_column if settings.deletion is Deletion.MARK else ""
    removed = _switch(table, columns, marked, settings.deleted_value, settings.live_value)
    hidden = {settings.enabled_column, marked}
    return ObjectTable(
        object_class=ObjectClass.USER,
        table=table,
        id=_id(table, columns, settings.user_id_column, settings.login_column, mapped=settings.user_id_mapped),
        name=_column(table, columns, settings.login_column),
        attributes={name: column for name, column in columns.items() if name not in hidden},
        id_mapped=settings.user_id_mapped,
        enabled=enabled,
        removed=removed,
        marker=_column(table, columns, settings.marker_column).name if settings.marker_column else None,
    )


def _groups(connection: sa.Connection, tables: Mapping[str, sa.Table], settings: SqlConfiguration) -> ObjectTable:
    table = tables[settings.groups_table]
    columns = reflected(connection, table, _ids(tables, settings), empty_text=settings.empty_text)
    marker = settings.group_marker_column
    return ObjectTable(
        object_class=ObjectClass.GROUP,
        table=table,
        id=_id(table, columns, settings.group_id_column, settings.group_name_column, mapped=settings.group_id_mapped),
        name=_column(table, columns, settings.group_name_column),
        attributes=columns,
        id_mapped=settings.group_id_mapped,
        marker=_column(table, columns, marker).name if marker else None,
    )


def _memberships(
    connection: sa.Connection, tables: Mapping[str, sa.Table], settings: SqlConfiguration
) -> MembershipTable | None:
    if not settings.membership_table:
        return None
    table = tables[settings.membership_table]
    columns = reflected(connection, table, {}, empty_text=False)
    return MembershipTable(
        table,
        _column(table, columns, settings.membership_group_column),
        _column(table, columns, settings.membership_user_column),
    )


def _ids(tables: Mapping[str, sa.Table], settings: SqlConfiguration) -> dict[str, ObjectClass]:
    """The full names of the id columns that other columns may refer to."""
    configured = (
        (ObjectClass.USER, settings.users_table, settings.user_id_column),
        (ObjectClass.GROUP, settings.groups_table, settings.group_id_column),
    )
    return {
        f"{tables[name].fullname}.{column or _primary_key(tables[name])}": object_class
        for object_class, name, column in configured
        if name
    }


def _primary_key(table: sa.Table) -> str:
    keys = [column.name for column in table.primary_key.columns]
    return keys[0] if len(keys) == 1 else ""


def _id(table: sa.Table, columns: Mapping[str, Column], configured: str, name: str, *, mapped: bool) -> Column:
    chosen = configured or _primary_key(table)
    if not chosen:
        problem = f"The table {table.name} has no primary key of one column; choose the id column."
        raise Misconfigured(problem, facts={"stage": "columns"})
    if chosen == name:
        problem = (
            f"The column {chosen} of {table.name} is the key and the name at once: a name can change, an id cannot."
        )
        raise Misconfigured(problem, facts={"stage": "columns"})
    column = _column(table, columns, chosen)
    if not mapped and not column.defaulted and new_id(column) is None:
        problem = (
            f"Nothing generates the ids of {table.name}: let them come from a mapping, or give {chosen} a default."
        )
        raise Misconfigured(problem, facts={"stage": "columns"})
    return column


def _column(table: sa.Table, columns: Mapping[str, Column], name: str) -> Column:
    if name in columns:
        return columns[name]
    why = "is of a type that is not supported" if name in table.columns else "does not exist"
    raise Misconfigured(f"The column {name!r} of {table.name} {why}.", facts={"stage": "columns"})


def _switch(table: sa.Table, columns: Mapping[str, Column], name: str, on: str, off: str) -> Switch | None:
    if not name:
        return None
    column = _column(table, columns, name)
    for value in (on, off):
        try:
            column.configured(value)
        except ValueError as error:
            problem = f"The value {value!r} does not suit the column {name!r} of {table.name}: {error}."
            raise Misconfigured(problem, facts={"stage": "columns"}) from None
    return Switch(column, on, off)
