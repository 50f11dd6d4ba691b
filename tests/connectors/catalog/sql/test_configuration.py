"""What is refused before any connection is made."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.catalog.sql import SqlConfiguration

DOCUMENT = Path(__file__).parents[4] / "docs" / "connectors" / "sql.md"

SQLITE = {"database": "sqlite", "path": "intranet.sqlite3"}
SERVER = {"database": "postgresql", "host": "db.example.test", "database_name": "hr", "user_name": "portal"}
USERS = {**SQLITE, "users_table": "users", "login_column": "login"}


@pytest.mark.parametrize("settings", [SQLITE, SERVER, USERS])
def test_accepted(settings: dict[str, Any]) -> None:
    assert SqlConfiguration(**settings)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"database": "mysql"}, "database"),
        ({"database": "sqlite"}, "path"),
        ({**SERVER, "host": ""}, "host"),
        ({**SERVER, "host": "/var/run/postgresql"}, "host"),
        ({**SERVER, "host": "a.example.test,b.example.test"}, "host"),
        ({**SERVER, "host": "@abstract"}, "host"),
        ({**SERVER, "database_name": "dbname=hr host=10.0.0.1"}, "database_name"),
        ({**SERVER, "database_name": "postgresql://elsewhere"}, "database_name"),
        ({**SERVER, "user_name": ""}, "user_name"),
        ({**SERVER, "sslmode": "prefer"}, "sslmode"),
        ({**SERVER, "port": 70_000}, "port"),
        ({**SQLITE, "users_table": "users"}, "login_column"),
        ({**SQLITE, "groups_table": "groups", "group_name_column": "name"}, "users_table"),
        ({**USERS, "groups_table": "groups"}, "group_name_column"),
        ({**USERS, "membership_table": "members"}, "groups_table"),
        ({**USERS, "user_id_column": "login"}, "user_id_column"),
        ({**USERS, "deletion": "mark"}, "deleted_column"),
        ({**USERS, "deletion": "mark", "deleted_column": "gone", "deleted_value": ""}, "deleted_value"),
        ({**USERS, "enabled_column": "on", "disabled_value": "true"}, "disabled_value"),
    ],
)
def test_refused_and_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        SqlConfiguration(**settings)


def test_the_document_names_every_field() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert not [name for name in SqlConfiguration.described() if f"`{name}`" not in written]


def test_what_names_the_machine_clears_the_secret() -> None:
    assert {"host", "port", "database", "database_name", "sslmode"} <= set(SqlConfiguration.host_fields())
    assert SqlConfiguration.secret_fields() == ("password",)
