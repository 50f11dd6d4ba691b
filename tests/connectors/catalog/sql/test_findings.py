"""The online test's findings."""

import pytest
import sqlalchemy as sa

from connectors.spi import FindingLevel
from tests.connectors.catalog.sql.bench import Bench, errors, finding

GROUPS = {
    "groups_table": "teams",
    "group_name_column": "name",
    "membership_table": "seats",
    "membership_group_column": "team",
    "membership_user_column": "person",
}
TABLES = (
    "CREATE TABLE users (id char(36) PRIMARY KEY, login text UNIQUE, gone timestamp)",
    "CREATE TABLE teams (id char(36) PRIMARY KEY, name text)",
    "CREATE TABLE seats (team char(36), person char(36))",
)


def test_everything_is_looked_at(bench: Bench) -> None:
    bench.run(*TABLES)
    findings = list(bench.connector(**GROUPS).test())
    assert [each.name for each in findings] == [
        *("address", "connection", "columns", "reading", "writing"),
        *("users_unique", "users_ids", "groups_unique", "groups_ids"),
    ]
    assert {each.name: each.level for each in findings if each.level is not FindingLevel.OK} == {
        "groups_unique": FindingLevel.WARNING
    }
    assert finding(findings, "groups_unique").advice


def test_nothing_is_changed(bench: Bench) -> None:
    bench.run(*TABLES)
    list(bench.connector(**GROUPS).test())
    assert [bench.rows(f"SELECT * FROM {table}") for table in ("users", "teams", "seats")] == [[], [], []]


def test_no_tables_chosen_yet(bench: Bench) -> None:
    bench.run(*TABLES)
    findings = list(bench.connector(users_table="", login_column="").test())
    assert errors(findings) == ["tables"]
    assert "Discover" in findings[-1].advice


@pytest.mark.parametrize(
    ("key", "level"),
    [("INTEGER PRIMARY KEY", FindingLevel.WARNING), ("INTEGER PRIMARY KEY AUTOINCREMENT", FindingLevel.OK)],
)
def test_ids_that_sqlite_gives_again(sqlite_bench: Bench, key: str, level: FindingLevel) -> None:
    sqlite_bench.run(f"CREATE TABLE users (id {key}, login text UNIQUE)")
    assert finding(list(sqlite_bench.connector().test()), "users_ids").level is level


def _account(bench: Bench, *grants: str) -> dict[str, str]:
    """A database account of its own with these grants."""
    name = f"clerk_{bench.settings['database_name']}"
    bench.run(f"CREATE ROLE {name} LOGIN", *(f"GRANT {grant} TO {name}" for grant in grants))
    return {"user_name": name}


def test_missing_rights_are_named(postgresql_bench: Bench) -> None:
    postgresql_bench.run(*TABLES)
    account = _account(postgresql_bench, "SELECT, UPDATE ON users", "SELECT ON teams", "ALL ON seats")
    findings = list(postgresql_bench.connector(**GROUPS, **account).test())
    assert errors(findings) == ["writing"]
    assert "lacks INSERT, DELETE on users" in findings[-1].message


def test_tables_that_may_not_be_read(postgresql_bench: Bench) -> None:
    postgresql_bench.run(*TABLES)
    findings = list(postgresql_bench.connector(**GROUPS, **_account(postgresql_bench)).test())
    assert errors(findings) == ["reading"]


def test_marking_needs_no_right_to_delete(postgresql_bench: Bench) -> None:
    postgresql_bench.run(*TABLES)
    account = _account(postgresql_bench, "SELECT, INSERT, UPDATE ON users")
    marked = {"deletion": "mark", "deleted_column": "gone"}
    assert errors(list(postgresql_bench.connector(**account, **marked).test())) == []
    assert errors(list(postgresql_bench.connector(**account).test())) == ["writing"]


def test_rights_on_single_columns_suffice(postgresql_bench: Bench) -> None:
    postgresql_bench.run("CREATE TABLE users (id serial PRIMARY KEY, login text UNIQUE, pay integer)")
    account = _account(
        postgresql_bench,
        "SELECT (id, login), INSERT (login), UPDATE (login), DELETE ON users".replace(", DELETE ON", " ON"),
        "DELETE ON users",
        "USAGE ON users_id_seq",
    )
    findings = list(postgresql_bench.connector(**account).test())
    assert errors(findings) == ["reading"]
    with postgresql_bench.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM users")).scalar() == 0
