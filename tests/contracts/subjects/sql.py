"""The SQL table connector under contract, on real SQLite files and a real PostgreSQL server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from connectors.catalog.sql import SqlConnector
from connectors.spi import ObjectClass, RemoteObject, Transport
from tests.contracts.subject import ContractSubject
from tests.contracts.transport import loopback_transport
from tests.servers.postgresql import PostgresqlServer

TABLES: Mapping[str, Any] = {
    "users_table": "users",
    "login_column": "login",
    "marker_column": "external_id",
    "groups_table": "teams",
    "group_name_column": "name",
    "group_marker_column": "external_id",
    "membership_table": "team_members",
    "membership_group_column": "team_id",
    "membership_user_column": "user_id",
}
STATES: Mapping[str, Any] = {"enabled_column": "active", "enabled_value": "true", "disabled_value": "false"}
MARKED: Mapping[str, Any] = {"deletion": "mark", "deleted_column": "deleted_at"}
USERS = """CREATE TABLE users (
    id {key}, login varchar(255) NOT NULL, display_name text NOT NULL, title text, floor integer,
    hired date, seen_at timestamp, contractor boolean, photo {binary}, external_id varchar(64),
    active boolean NOT NULL DEFAULT true, deleted_at timestamp, manager_id {reference} REFERENCES users (id))"""
LOGINS = "CREATE UNIQUE INDEX login_is_unique ON users (login) WHERE deleted_at IS NULL"
TEAMS = "CREATE TABLE teams (id {key}, name varchar(255) NOT NULL UNIQUE, description text, external_id varchar(64))"
MEMBERS = """CREATE TABLE team_members (
    team_id {reference} NOT NULL REFERENCES teams (id), user_id {reference} NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id))"""


@dataclass(frozen=True)
class Keys:
    """How the ids of a database are declared."""

    key: str
    reference: str


SQLITE_NUMBERS = Keys("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER")
SQLITE_TEXTS = Keys("varchar(36) PRIMARY KEY", "varchar(36)")
SERIALS = Keys("serial PRIMARY KEY", "integer")
UUIDS = Keys("uuid PRIMARY KEY", "uuid")
_DATABASES: dict[int, dict[Keys, str]] = {}


def make_tables(engine: sa.Engine, keys: Keys, binary: str) -> None:
    """The tables of the subjects."""
    with engine.begin() as connection:
        for statement in (USERS, LOGINS, TEAMS, MEMBERS):
            connection.exec_driver_sql(statement.format(key=keys.key, reference=keys.reference, binary=binary))


def postgresql_settings(url: str) -> dict[str, Any]:
    """The configuration that reaches a database of the tests."""
    parts = urlsplit(url)
    return {
        "database": "postgresql",
        "host": parts.hostname,
        "port": parts.port,
        "database_name": parts.path.lstrip("/"),
        "user_name": parts.username,
        "sslmode": "disable",
    }


def _sqlite(request: pytest.FixtureRequest, keys: Keys, **configuration: Any) -> ContractSubject:
    path: Path = request.getfixturevalue("sqlite_database")
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    make_tables(engine, keys, "blob")
    settings = {"database": "sqlite", "path": path.name, **TABLES, **configuration}
    broken = {
        "address": {"path": "../elsewhere.sqlite3"},
        "connection": {"path": "absent.sqlite3"},
        "tables": {"users_table": "absent"},
        "columns": {"login_column": "absent"},
    }
    transport = partial(loopback_transport, sqlite_dir=path.parent)
    return _subject(engine, transport, settings, {"path": "", "database": "oracle"}, broken)


def _emptied(server: PostgresqlServer, keys: Keys) -> str:
    """A database with these keys, made once and emptied for every test."""
    made = _DATABASES.setdefault(server.port, {})
    if keys not in made:
        made[keys] = server.create_database()
        make_tables(postgresql_engine(made[keys]), keys, "bytea")
    with postgresql_engine(made[keys]).begin() as connection:
        connection.exec_driver_sql("TRUNCATE users, teams, team_members")
    return made[keys]


def postgresql_engine(url: str) -> sa.Engine:
    """An engine for looking at a database of the tests."""
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)


def _postgresql(request: pytest.FixtureRequest, keys: Keys, **configuration: Any) -> ContractSubject:
    url = _emptied(request.getfixturevalue("postgresql_server"), keys)
    engine = postgresql_engine(url)
    settings = {**postgresql_settings(url), "password": "not-asked-for", **TABLES, **configuration}
    broken = {
        "connection": {"port": 1},
        "authentication": {"database_name": "absent"},
        "tls": {"sslmode": "verify-full"},
        "tables": {"users_table": "absent"},
        "columns": {"membership_user_column": "absent"},
    }
    invalid = {"host": "", "port": 0, "sslmode": "prefer", "database_name": "a b"}
    return _subject(engine, loopback_transport, settings, invalid, broken)


def _subject(
    engine: sa.Engine,
    transport: Callable[[], Transport],
    settings: Mapping[str, Any],
    invalid: Mapping[str, Any],
    broken: Mapping[str, Mapping[str, Any]],
) -> ContractSubject:
    return ContractSubject(
        connector_class=SqlConnector,
        transport=transport,
        configuration=settings,
        user=lambda name: {"login": (name,), "display_name": ("Ada Example",)},
        group=lambda name: {"name": (name,)},
        text="title",
        raw=partial(_raw, engine, settings),
        invalid=invalid,
        broken=broken,
        unstorable=frozenset({"\0", "\ud800"}),
    )


def _raw(engine: sa.Engine, settings: Mapping[str, Any], item: RemoteObject) -> Mapping[str, tuple[Any, ...]] | None:
    users = item.object_class is ObjectClass.USER
    table, mine = ("users", "user_id") if users else ("teams", "team_id")
    living = " AND deleted_at IS NULL" if users and settings.get("deletion") == "mark" else ""
    with engine.connect() as connection:
        row = connection.execute(
            sa.text(f"SELECT * FROM {table} WHERE CAST(id AS varchar) = :id{living}"), {"id": item.remote_id}
        ).first()
        pairs = connection.execute(
            sa.text(f"SELECT * FROM team_members WHERE CAST({mine} AS varchar) = :id"), {"id": item.remote_id}
        ).all()
    if row is None:
        return None
    return {**{name: (value,) for name, value in row._mapping.items()}, "members": tuple(map(tuple, pairs))}


SUBJECTS = {
    "sql-sqlite": partial(_sqlite, keys=SQLITE_NUMBERS, **STATES),
    "sql-postgresql": partial(_postgresql, keys=UUIDS, **STATES),
}
VARIANTS = {
    "sql-sqlite-marked": partial(_sqlite, keys=SQLITE_TEXTS, **STATES, **MARKED),
    "sql-sqlite-removal": partial(_sqlite, keys=SQLITE_TEXTS),
    "sql-postgresql-marked": partial(_postgresql, keys=SERIALS, **STATES, **MARKED),
    "sql-postgresql-removal": partial(_postgresql, keys=SERIALS),
}
_ALWAYS = frozenset({"nested_groups", "several"})
LACKING = {label: _ALWAYS | ({"disabling"} if label.endswith("removal") else set()) for label in (*SUBJECTS, *VARIANTS)}
