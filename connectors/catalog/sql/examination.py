"""The online test: from the address to the rights, a finding each; nothing is changed."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from connectors.catalog.sql.configuration import DatabaseKind, Deletion
from connectors.catalog.sql.database import Database
from connectors.catalog.sql.layout import Layout, ObjectTable, read_layout
from connectors.catalog.sql.reflection import reuses_ids
from connectors.spi import ConnectorError, Finding, FindingLevel

_ADVICE = {
    "address": "Correct the host or file, or have the portal's operator allow it.",
    "connection": "See whether the database is running and reachable from here, and whether the file is there.",
    "tls": "Give the CA certificate the server's certificate was signed with, and the host name it was made for.",
    "authentication": "Correct the user name, the password or the database name.",
    "tables": "Choose the tables that Discover offers.",
    "columns": "Choose the columns that Discover offers.",
    "reading": "Give the database account the right to read these tables.",
    "writing": "Give the database account the missing rights.",
}


def examined(database: Database) -> Iterator[Finding]:
    """The findings in their order; ends after the first error, for the rest depends on what failed."""
    settings = database.configuration
    where = settings.path if settings.database is DatabaseKind.SQLITE else f"{settings.host}:{settings.port}"
    layouts: list[Layout] = []

    def read() -> str:
        with database.transaction() as connection:
            layouts.append(read_layout(connection, settings))
        return f"The columns of {settings.users_table} are usable."

    stages: tuple[tuple[str, Callable[[], str]], ...] = (
        ("address", lambda: _resolved(database)),
        ("connection", lambda: _connected(database, where)),
        ("columns", read),
        ("reading", lambda: _readable(database, layouts[0])),
        ("writing", lambda: _writable(database, layouts[0])),
    )
    for name, examine in stages:
        try:
            message = examine()
        except ConnectorError as error:
            stage = str(error.facts.get("stage", name))
            yield Finding(stage, FindingLevel.ERROR, error.message, _ADVICE[stage])
            return
        yield Finding(name, FindingLevel.OK, message)
    yield from _durability(database, layouts[0])


def _resolved(database: Database) -> str:
    settings = database.configuration
    if settings.database is DatabaseKind.SQLITE:
        return f"The file {database.transport.database_path(settings.path).name} may be used."
    return f"{settings.host} is {database.transport.resolve(settings.host, settings.port)}, which may be reached."


def _connected(database: Database, where: str) -> str:
    with database.transaction():
        return f"Connected to {where} and signed in."


def _readable(database: Database, layout: Layout) -> str:
    tables = _tables(layout)
    with database.transaction() as connection:
        for table in tables:
            connection.execute(sa.select(table).limit(1)).first()
    return f"{', '.join(table.name for table in tables)} can be read."


def _writable(database: Database, layout: Layout) -> str:
    with database.transaction(writing=True) as connection:
        for table in _tables(layout):
            marks = table is layout.users.table and database.configuration.deletion is Deletion.MARK
            database.check_rights(connection, table, deletes=not marks)
    return "Rows can be written."


def _tables(layout: Layout) -> list[sa.Table]:
    others = [part.table for part in (layout.groups, layout.memberships) if part is not None]
    return [layout.users.table, *others]


def _durability(database: Database, layout: Layout) -> Iterator[Finding]:
    """What keeps names and ids from meaning two rows; without it the portal works, with less certainty."""
    for prefix, table in (("users", layout.users), ("groups", layout.groups)):
        if table is None:
            continue
        yield _unique_names(f"{prefix}_unique", table)
        try:
            with database.transaction() as connection:
                reused = reuses_ids(connection, table.table, table.id)
        except ConnectorError as error:
            yield Finding(f"{prefix}_ids", FindingLevel.WARNING, error.message, _ADVICE["reading"])
            continue
        yield _lasting_ids(f"{prefix}_ids", table, reused=reused)


def _unique_names(name: str, table: ObjectTable) -> Finding:
    column = f"{table.name.name} of {table.table.name}"
    if table.name.unique:
        return Finding(name, FindingLevel.OK, f"The database keeps {column} unique.")
    return Finding(
        name,
        FindingLevel.WARNING,
        f"Nothing in the database keeps {column} unique.",
        "Add a unique index, or two rows of one name may come about when others write to the table too.",
    )


def _lasting_ids(name: str, table: ObjectTable, *, reused: bool) -> Finding:
    if not reused:
        return Finding(name, FindingLevel.OK, f"Ids of {table.table.name} are not used again.")
    return Finding(
        name,
        FindingLevel.WARNING,
        f"SQLite gives the id of a deleted row of {table.table.name} to a new one.",
        "Declare the key as INTEGER PRIMARY KEY AUTOINCREMENT, or mark removed rows instead of deleting them.",
    )
