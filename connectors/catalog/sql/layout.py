"""The configured tables as the database describes them. No identifier comes from anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.catalog.sql.columns import Column, new_id
from connectors.catalog.sql.configuration import Deletion, SqlConfiguration
from connectors.catalog.sql.reflection import Description, Place, described
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
    if not configuration.users_table:
        raise Misconfigured("No users table is set up.", facts={"stage": "tables"})
    schema = configuration.schema_name or None
    names = (configuration.users_table, configuration.groups_table, configuration.membership_table)
    described_tables = {name: described(connection, name, schema) for name in names if name}
    ids = _ids(described_tables, configuration)
    readers = {
        name: _Reader(table, table.columns(ids, empty_text=configuration.empty_text))
        for name, table in described_tables.items()
    }
    return Layout(
        users=_users(readers[configuration.users_table], configuration),
        groups=_groups(readers[configuration.groups_table], configuration) if configuration.groups_table else None,
        memberships=_memberships(readers, configuration) if configuration.membership_table else None,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes what is configured out of one table (its methods raise Misconfigured)."""

    description: Description
    columns: Mapping[str, Column]

    def column(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        known = name in self.description.facts
        raise self.refusal(f"The column {name!r} {'is of a type that is not supported' if known else 'does not exist'}")

    def marker(self, name: str) -> str | None:
        return self.column(name).name if name else None

    def id(self, configured: str, name: str, *, mapped: bool) -> Column:
        chosen = configured or self.description.key
        if not chosen:
            raise self.refusal("There is no primary key of one column, and no id column is chosen")
        if chosen == name:
            raise self.refusal(f"{chosen} is the key and the name at once: a name can change, an id cannot")
        column = self.column(chosen)
        if not column.unique:
            raise self.refusal(f"Nothing keeps the ids in {chosen} unique")
        if not mapped and not column.defaulted and new_id(column) is None:
            raise self.refusal(f"Nothing generates the ids: let them come from a mapping, or give {chosen} a default")
        return column

    def switch(self, name: str, on: str, off: str) -> Switch | None:
        if not name:
            return None
        column = self.column(name)
        for value in (on, off):
            try:
                column.configured(value)
            except ValueError as error:
                raise self.refusal(f"The value {value!r} does not suit the column {name!r}: {error}") from None
        return Switch(column, on, off)

    def refusal(self, problem: str) -> Misconfigured:
        return Misconfigured(f"{problem} (table {self.description.table.name}).", facts={"stage": "columns"})


def _users(reader: _Reader, settings: SqlConfiguration) -> ObjectTable:
    marked = settings.deleted_column if settings.deletion is Deletion.MARK else ""
    hidden = {settings.enabled_column, marked}
    return ObjectTable(
        object_class=ObjectClass.USER,
        table=reader.description.table,
        id=reader.id(settings.user_id_column, settings.login_column, mapped=settings.user_id_mapped),
        name=reader.column(settings.login_column),
        attributes={name: column for name, column in reader.columns.items() if name not in hidden},
        id_mapped=settings.user_id_mapped,
        enabled=reader.switch(settings.enabled_column, settings.enabled_value, settings.disabled_value),
        removed=reader.switch(marked, settings.deleted_value, settings.live_value),
        marker=reader.marker(settings.marker_column),
    )


def _groups(reader: _Reader, settings: SqlConfiguration) -> ObjectTable:
    return ObjectTable(
        object_class=ObjectClass.GROUP,
        table=reader.description.table,
        id=reader.id(settings.group_id_column, settings.group_name_column, mapped=settings.group_id_mapped),
        name=reader.column(settings.group_name_column),
        attributes=reader.columns,
        id_mapped=settings.group_id_mapped,
        marker=reader.marker(settings.group_marker_column),
    )


def _memberships(readers: Mapping[str, _Reader], settings: SqlConfiguration) -> MembershipTable:
    reader = readers[settings.membership_table]
    group, user = settings.membership_group_column, settings.membership_user_column
    return MembershipTable(reader.description.table, reader.column(group), reader.column(user))


def _ids(tables: Mapping[str, Description], settings: SqlConfiguration) -> dict[Place, ObjectClass]:
    """The id columns that other columns may refer to."""
    configured = (
        (ObjectClass.USER, settings.users_table, settings.user_id_column),
        (ObjectClass.GROUP, settings.groups_table, settings.group_id_column),
    )
    return {
        (tables[name].table.schema, name, column or tables[name].key): object_class
        for object_class, name, column in configured
        if name
    }
