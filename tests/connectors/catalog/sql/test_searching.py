"""Searching where case does not count, paging by every kind of key, and members."""

import pytest

from connectors.spi import AlreadyExists, Equals, Misconfigured, Not, ObjectClass, Present, Rejected, StartsWith
from tests.connectors.catalog.sql.bench import Bench

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP


@pytest.mark.parametrize(
    "tables",
    [
        ("CREATE TABLE users (id char(36) PRIMARY KEY, login text)", "CREATE UNIQUE INDEX one ON users (lower(login))"),
        ("CREATE TABLE users (id char(36) PRIMARY KEY, login {folded} UNIQUE)",),
    ],
    ids=["index", "type"],
)
def test_case_does_not_count_where_the_database_says_so(bench: Bench, tables: tuple[str, ...]) -> None:
    if not bench.is_sqlite:
        bench.run("CREATE EXTENSION IF NOT EXISTS citext")
    folded = "text COLLATE NOCASE" if bench.is_sqlite else "citext"
    bench.run(*(statement.format(folded=folded) for statement in tables))
    with bench.connector() as connector:
        assert connector.schema().objects[USER].attributes["login"].case_exact is False
        item = connector.create(USER, {"login": ("Ada.Lovelace",)})
        for condition in (Equals("login", "ada.LOVELACE"), StartsWith("login", "ADA")):
            assert [each.remote_id for each in connector.search(USER, condition).items] == [item.remote_id]
        with pytest.raises(AlreadyExists) as taken:
            connector.create(USER, {"login": ("ADA.lovelace",)})
        assert taken.value.remote_id == item.remote_id


def test_case_counts_otherwise(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id char(36) PRIMARY KEY, login text UNIQUE)")
    with bench.connector() as connector:
        assert connector.schema().objects[USER].attributes["login"].case_exact is True
        connector.create(USER, {"login": ("ada",)})
        connector.create(USER, {"login": ("ADA",)})
        assert len(connector.search(USER, StartsWith("login", "a")).items) == 1
        assert len(connector.search(USER, Not(Equals("login", "ada"))).items) == 1


@pytest.mark.parametrize("declared", ["int", "bigint", "char(36)", "varchar(50)", "uuid"])
def test_pages_follow_the_ids(bench: Bench, declared: str) -> None:
    bench.run(f"CREATE TABLE users (id {declared} PRIMARY KEY, login text UNIQUE)")
    mapped = declared.endswith("int")
    with bench.connector(user_id_mapped=mapped) as connector:
        made = set()
        for number in range(12):
            given = {"id": (number,)} if mapped else {}
            made.add(connector.create(USER, {"login": (f"u{number}",), **given}).remote_id)
        seen: list[str] = []
        cursor = None
        while True:
            page = connector.search(USER, cursor=cursor, limit=5)
            seen += [item.remote_id for item in page.items]
            cursor = page.cursor
            if cursor is None:
                break
    assert len(seen) == 12
    assert set(seen) == made


def test_a_cursor_of_somebody_else(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id int PRIMARY KEY, login text)")
    with bench.connector(user_id_mapped=True) as connector, pytest.raises(Misconfigured, match="cursor"):
        connector.search(USER, cursor="'; DROP TABLE users; --")
    assert bench.rows("SELECT * FROM users") == []


def test_groups_by_member(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text)",
        "CREATE TABLE teams (id char(36) PRIMARY KEY, name text UNIQUE)",
        "CREATE TABLE seats (team char(36) NOT NULL, person char(36) NOT NULL)",
    )
    with bench.connector(
        groups_table="teams",
        group_name_column="name",
        membership_table="seats",
        membership_group_column="team",
        membership_user_column="person",
    ) as connector:
        ada = connector.create(USER, {"login": ("ada",)}).reference
        full = connector.create(GROUP, {"name": ("full",), "members": (ada, ada)})
        empty = connector.create(GROUP, {"name": ("empty",)})
        assert len(bench.rows("SELECT * FROM seats")) == 1
        for condition, wanted in (
            (Equals("members", ada), full),
            (Present("members"), full),
            (Not(Present("members")), empty),
            (Not(Equals("members", ada)), empty),
        ):
            assert [each.remote_id for each in connector.search(GROUP, condition).items] == [wanted.remote_id]
        with pytest.raises(Rejected):
            connector.search(GROUP, StartsWith("members", "a"))
        with pytest.raises(Rejected, match="no account with the id nobody"):
            connector.create(GROUP, {"name": ("wrong",), "members": ("nobody",)})
    assert bench.rows("SELECT name FROM teams ORDER BY name") == [("empty",), ("full",)]
