"""Rows that are deleted, rows that are marked, and names that removed rows keep."""

import pytest

from connectors.spi import AlreadyExists, Delta, Equals, Gone, ObjectClass, Rejected
from tests.connectors.catalog.sql.bench import Bench

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
MARKED = {"deletion": "mark", "deleted_column": "gone"}


@pytest.mark.parametrize(
    ("declared", "settings", "removed"),
    [
        ("timestamp", {}, "gone IS NOT NULL"),
        ("boolean NOT NULL", {"deleted_value": "true", "live_value": "false"}, "gone"),
        ("varchar(10)", {"deleted_value": "left", "live_value": ""}, "gone = 'left'"),
    ],
)
def test_marked_rows_stay_and_are_not_seen(bench: Bench, declared: str, settings: dict[str, str], removed: str) -> None:
    bench.run(f"CREATE TABLE users (id char(36) PRIMARY KEY, login text, gone {declared})")
    with bench.connector(**MARKED, **settings) as connector:
        assert "gone" not in connector.schema().objects[USER].attributes
        item, other = (connector.create(USER, {"login": (name,)}) for name in ("ada", "bob"))
        connector.delete(USER, item.remote_id)
        assert [each.name for each in connector.search(USER).items] == ["bob"]
        assert connector.search(USER, Equals("remote_id", item.remote_id)).items == ()
        for call in (
            lambda: connector.get(USER, item.remote_id),
            lambda: connector.update(USER, item.remote_id, Delta(replace={"login": ("eve",)})),
            lambda: connector.delete(USER, item.remote_id),
        ):
            with pytest.raises(Gone):
                call()
        assert connector.get(USER, other.remote_id).name == "bob"
    assert bench.rows(f"SELECT login FROM users WHERE {removed}") == [("ada",)]


def test_a_name_that_a_removed_row_keeps_is_told(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id char(36) PRIMARY KEY, login text UNIQUE, gone timestamp)")
    with bench.connector(**MARKED) as connector:
        connector.delete(USER, connector.create(USER, {"login": ("ada",)}).remote_id)
        bob = connector.create(USER, {"login": ("bob",)})
        with pytest.raises(Rejected, match=r"removed row of users still holds 'ada'.*not revived") as refusal:
            connector.create(USER, {"login": ("ada",)})
        assert not isinstance(refusal.value, AlreadyExists)
        with pytest.raises(Rejected, match="removed row"):
            connector.update(USER, bob.remote_id, Delta(replace={"login": ("ada",)}))
        assert connector.get(USER, bob.remote_id).name == "bob"


def test_another_unique_value_is_no_taken_name(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id char(36) PRIMARY KEY, login text UNIQUE, badge text UNIQUE)")
    with bench.connector() as connector:
        connector.create(USER, {"login": ("ada",), "badge": ("1",)})
        with pytest.raises(Rejected, match="one of these values") as refusal:
            connector.create(USER, {"login": ("bob",), "badge": ("1",)})
        assert "badge" in str(refusal.value.facts)
        bob = connector.create(USER, {"login": ("bob",)})
        with pytest.raises(Rejected, match="one of these values"):
            connector.update(USER, bob.remote_id, Delta(replace={"badge": ("1",)}))
        with pytest.raises(AlreadyExists):
            connector.update(USER, bob.remote_id, Delta(replace={"login": ("ada",), "badge": ("1",)}))


def test_a_row_that_others_refer_to_is_not_deleted(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id char(36) PRIMARY KEY, login text, boss char(36) REFERENCES users (id))")
    with bench.connector() as connector:
        boss = connector.create(USER, {"login": ("boss",)})
        connector.create(USER, {"login": ("ada",), "boss": (boss.reference,)})
        with pytest.raises(Rejected, match="refers"):
            connector.delete(USER, boss.remote_id)
        with pytest.raises(Rejected, match="refers"):
            connector.create(USER, {"login": ("bob",), "boss": ("nobody",)})
    assert len(bench.rows("SELECT * FROM users")) == 2


@pytest.mark.parametrize("marked", [False, True])
def test_memberships_go_with_the_account(bench: Bench, marked: bool) -> None:
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text, gone timestamp)",
        "CREATE TABLE teams (id char(36) PRIMARY KEY, name text)",
        "CREATE TABLE seats (team char(36) REFERENCES teams (id), person char(36) REFERENCES users (id))",
    )
    with bench.connector(
        groups_table="teams",
        group_name_column="name",
        membership_table="seats",
        membership_group_column="team",
        membership_user_column="person",
        **(MARKED if marked else {}),
    ) as connector:
        ada, bob = (connector.create(USER, {"login": (name,)}).reference for name in ("ada", "bob"))
        team = connector.create(GROUP, {"name": ("staff",), "members": (ada, bob)})
        connector.delete(USER, ada)
        assert connector.get(GROUP, team.remote_id, members=True).attributes["members"] == (bob,)
        assert bench.rows("SELECT person FROM seats") == [(bob,)]
        with pytest.raises(Rejected, match="no account"):
            connector.update(GROUP, team.remote_id, Delta(add={"members": (ada,)}))


def test_a_failed_write_leaves_nothing_behind(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text)",
        "CREATE TABLE teams (id char(36) PRIMARY KEY, name text UNIQUE)",
        "CREATE TABLE seats (team char(36) NOT NULL, person char(36) NOT NULL CHECK (team <> 'x'))",
    )
    with bench.connector(
        groups_table="teams",
        group_name_column="name",
        membership_table="seats",
        membership_group_column="team",
        membership_user_column="person",
    ) as connector:
        with pytest.raises(Rejected):
            connector.create(GROUP, {"name": ("staff",), "members": ("nobody",)})
        team = connector.create(GROUP, {"name": ("staff",)})
        with pytest.raises(Rejected):
            connector.update(GROUP, team.remote_id, Delta(replace={"name": ("crew",)}, add={"members": ("nobody",)}))
    assert bench.rows("SELECT name FROM teams") == [("staff",)]
