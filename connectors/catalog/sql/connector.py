"""The SQL table connector: people and groups as rows of somebody else's tables."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from connectors.catalog.sql import members, rows, writing
from connectors.catalog.sql.columns import id_value
from connectors.catalog.sql.conditions import MEMBERS
from connectors.catalog.sql.configuration import DatabaseKind, SqlConfiguration
from connectors.catalog.sql.database import Database
from connectors.catalog.sql.discovery import discovered
from connectors.catalog.sql.errors import NotUnique
from connectors.catalog.sql.examination import examined
from connectors.catalog.sql.layout import Layout, ObjectTable, read_layout
from connectors.catalog.sql.postgresql import PostgresqlDatabase
from connectors.catalog.sql.sqlite import SqliteDatabase
from connectors.spi import (
    WRITABLE,
    AlreadyExists,
    Attributes,
    AttributeSpec,
    AttributeType,
    Capabilities,
    Configuration,
    Connector,
    ConnectorError,
    Delta,
    DisableStyle,
    Discovery,
    Filter,
    Finding,
    ObjectClass,
    ObjectSchema,
    Page,
    Rejected,
    RemoteObject,
    Schema,
    Transport,
    Values,
)

_DATABASES: dict[DatabaseKind, type[Database]] = {
    DatabaseKind.SQLITE: SqliteDatabase,
    DatabaseKind.POSTGRESQL: PostgresqlDatabase,
}


class SqlConnector(Connector[SqlConfiguration]):
    """One connection to one database. A row's id is its remote id and its reference."""

    kind: ClassVar[str] = "sql"
    title: ClassVar[str] = "SQL table"
    configuration_class: ClassVar[type[Configuration]] = SqlConfiguration

    def __init__(self, configuration: SqlConfiguration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self.database = _DATABASES[configuration.database](configuration, transport)
        self._layout: Layout | None = None

    def open(self) -> None:
        """Connect (raises Transient, Misconfigured)."""
        with self.database.transaction():
            return

    def close(self) -> None:
        """Disconnect; the tables are read anew next time."""
        self._layout = None
        self.database.close()

    def capabilities(self) -> Capabilities:
        """Everything but a change stream; groups and disabling as far as columns are set up for them."""
        classes = [ObjectClass.USER, *([ObjectClass.GROUP] if self.configuration.groups_table else [])]
        return Capabilities(
            objects=dict.fromkeys(classes, WRITABLE),
            disable=DisableStyle.NATIVE if self.configuration.enabled_column else DisableStyle.REMOVAL,
            members_per_update=members.MOST_MEMBERS,
        )

    def test(self) -> Iterator[Finding]:
        """See `examination`."""
        return examined(self.database)

    def discover(self) -> Discovery:
        """See `discovery`."""
        with self.database.transaction() as connection:
            return discovered(connection, self.configuration)

    def schema(self) -> Schema:
        """The columns of the tables (raises Misconfigured)."""
        layout = self._read()
        tables = [layout.users, *([layout.groups] if layout.groups else [])]
        return Schema({table.object_class: _object_schema(table, layout) for table in tables})

    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Rows in the order of their ids; texts compare as the database compares them."""
        layout = self._read()
        table = layout.of(object_class)
        memberships = layout.memberships if object_class is ObjectClass.GROUP else None
        with self.database.transaction() as connection:
            return rows.page(connection, table, memberships, filter, cursor=cursor, limit=limit)

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The row with this id (raises Gone: there is none, or it is marked as removed)."""
        layout = self._read()
        table = layout.of(object_class)
        with self.database.transaction() as connection:
            found = rows.remote_object(table, rows.find(connection, table, remote_id))
            if not members or object_class is not ObjectClass.GROUP or layout.memberships is None:
                return found
            return self._with_members(found, layout)

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Insert a row, and its members, in one transaction (raises AlreadyExists, Rejected, Ambiguous)."""
        layout = self._read()
        table = layout.of(object_class)
        columns, wanted = _split(attributes, layout, object_class)
        try:
            with self.database.transaction(writing=True) as connection:
                item = writing.insert(connection, table, columns, enabled)
                self._change_members(layout, item.remote_id, Delta(add=wanted))
                return item
        except NotUnique as refusal:
            raise self._who_has_it(table, columns, refusal) from None

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Change a row, and its members, in one transaction (raises Gone, AlreadyExists, Rejected, Ambiguous)."""
        layout = self._read()
        table = layout.of(object_class)
        replace, replaced = _split(delta.replace, layout, object_class)
        add, added = _split(delta.add, layout, object_class)
        remove, removed = _split(delta.remove, layout, object_class)
        try:
            with self.database.transaction(writing=True) as connection:
                item = writing.change(connection, table, remote_id, Delta(replace, add, remove, delta.enabled))
                self._change_members(layout, remote_id, Delta(replaced, added, removed))
                return item
        except NotUnique as refusal:
            raise self._who_has_it(table, {**add, **replace}, refusal, own_id=remote_id) from None

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Delete a row, or mark it, and drop its memberships (raises Gone, Rejected, Ambiguous)."""
        layout = self._read()
        table = layout.of(object_class)
        with self.database.transaction(writing=True) as connection:
            rows.find(connection, table, remote_id)
            if layout.memberships is not None:
                users = object_class is ObjectClass.USER
                column = layout.memberships.user if users else layout.memberships.group
                members.forget(connection, column.column, id_value(table.id, remote_id))
            writing.remove(connection, table, remote_id)

    def _read(self) -> Layout:
        """The tables, read once per connection."""
        if self._layout is None:
            with self.database.transaction() as connection:
                self._layout = read_layout(connection, self.configuration)
        return self._layout

    def _with_members(self, group: RemoteObject, layout: Layout) -> RemoteObject:
        if layout.memberships is None or layout.groups is None:
            return group
        key = id_value(layout.groups.id, group.remote_id)
        found = members.members_of(self.database.connection(), layout.memberships, layout.users, key)
        attributes = {**group.attributes, MEMBERS: found} if found else group.attributes
        return RemoteObject(group.object_class, group.remote_id, group.reference, group.name, attributes, group.enabled)

    def _change_members(self, layout: Layout, group_id: str, delta: Delta) -> None:
        if delta.is_empty or layout.memberships is None or layout.groups is None:
            return
        added, removed = delta.add.get(MEMBERS, ()), delta.remove.get(MEMBERS, ())
        if len(added) + len(removed) > members.MOST_MEMBERS:
            raise Rejected(f"{len(added) + len(removed)} members in one update are too many.")
        place = (self.database.connection(), layout.memberships, layout.users, id_value(layout.groups.id, group_id))
        if MEMBERS in delta.replace:
            members.replace_members(*place, delta.replace[MEMBERS])
        members.add_members(*place, added)
        members.remove_members(*place, removed)

    def _who_has_it(
        self, table: ObjectTable, attributes: Attributes, refusal: NotUnique, *, own_id: str | None = None
    ) -> ConnectorError:
        """What a refused duplicate means: the name is taken, is kept by a removed row, or another value is."""
        name = attributes.get(table.name.name)
        if not name:
            return Rejected("Another row has one of these values.", detail=refusal.detail, facts=refusal.facts)
        with self.database.transaction() as connection:
            living = rows.holder(connection, table, name[0])
            if living is not None:
                taken = rows.remote_object(table, living)
                if taken.remote_id != own_id:
                    return AlreadyExists(f"{taken.name!r} is taken in {table.table.name}.", remote_id=taken.remote_id)
            elif table.removed and rows.holder(connection, table, name[0], removed=True) is not None:
                return Rejected(
                    f"A removed row of {table.table.name} still holds {name[0]!r}. It belonged to somebody else and is"
                    " not revived: rename or delete it there, or let the unique index leave removed rows out."
                )
        return Rejected("Another row has one of these values.", detail=refusal.detail, facts=refusal.facts)


def _split(
    attributes: Attributes, layout: Layout, object_class: ObjectClass
) -> tuple[dict[str, Values], Mapping[str, Values]]:
    """The attributes that are columns, and the members."""
    table = layout.of(object_class)
    if object_class is not ObjectClass.GROUP or layout.memberships is None or MEMBERS in table.attributes:
        return dict(attributes), {}
    columns = {name: values for name, values in attributes.items() if name != MEMBERS}
    return columns, {name: values for name, values in attributes.items() if name == MEMBERS}


def _object_schema(table: ObjectTable, layout: Layout) -> ObjectSchema:
    attributes = dict(writing.specs(table))
    has_members = (
        table.object_class is ObjectClass.GROUP and layout.memberships is not None and MEMBERS not in attributes
    )
    if has_members:
        attributes[MEMBERS] = AttributeSpec(
            MEMBERS, AttributeType.REFERENCE, multi_valued=True, case_exact=True, refers_to=ObjectClass.USER
        )
    return ObjectSchema(
        object_class=table.object_class,
        attributes=attributes,
        name_attribute=table.name.name,
        member_attribute=MEMBERS if has_members else None,
        marker_attribute=table.marker,
    )
