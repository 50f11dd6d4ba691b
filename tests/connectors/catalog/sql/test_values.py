"""Values there and back, in the types databases have."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from connectors.spi import Delta, Equals, ObjectClass, Present, Rejected, Scalar
from tests.connectors.catalog.sql.bench import Bench

USER = ObjectClass.USER
MOMENT = datetime(2024, 3, 9, 10, 11, 12, tzinfo=UTC)
EASTERN = datetime(2024, 3, 9, 5, 11, 12, tzinfo=timezone(timedelta(hours=-5)))


def _table(bench: Bench, declared: str) -> None:
    key = "INTEGER PRIMARY KEY" if bench.is_sqlite else "serial PRIMARY KEY"
    bench.run(f"CREATE TABLE users (id {key}, login text UNIQUE, x {declared})")


@pytest.mark.parametrize(
    ("declared", "written", "read"),
    [
        ("integer", 42, 42),
        ("integer", "42", 42),
        ("bigint", -(2**63), -(2**63)),
        ("numeric(8, 2)", 12.25, 12.25),
        ("double precision", "0.1", 0.1),
        ("boolean", False, False),
        ("boolean", "true", True),
        ("date", datetime(2024, 3, 9, tzinfo=UTC), datetime(2024, 3, 9, tzinfo=UTC)),
        ("date", "2024-03-09", datetime(2024, 3, 9, tzinfo=UTC)),
        ("timestamp", MOMENT, MOMENT),
        ("timestamp", EASTERN, MOMENT),
        ("timestamp", "2024-03-09T10:11:12Z", MOMENT),
        ("varchar(20)", "true", "true"),
        ("varchar(20)", True, "true"),
        ("varchar(20)", 17, "17"),
        ("char(8)", "ab", "ab"),
    ],
)
def test_there_and_back(bench: Bench, declared: str, written: Scalar, read: Scalar) -> None:
    _table(bench, declared)
    with bench.connector() as connector:
        item = connector.create(USER, {"login": ("ada",), "x": (written,)})
        [found] = connector.get(USER, item.remote_id).attributes["x"]
        assert (type(found), found) == (type(read), read)
        assert [each.remote_id for each in connector.search(USER, Equals("x", read)).items] == [item.remote_id]
        again = connector.update(USER, item.remote_id, Delta(replace={"x": (found,)}))
        assert again.attributes["x"] == (read,)


@pytest.mark.parametrize(
    ("declared", "value", "read"),
    [
        ("uuid", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("timestamp with time zone", EASTERN, MOMENT),
        ("bytea", b"\x00\xff", b"\x00\xff"),
        ("mood", "calm", "calm"),
        ("positive", 3, 3),
    ],
)
def test_types_of_postgresql(postgresql_bench: Bench, declared: str, value: Scalar, read: Scalar) -> None:
    postgresql_bench.run(
        "CREATE TYPE mood AS ENUM ('calm', 'busy')", "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)"
    )
    _table(postgresql_bench, declared)
    with postgresql_bench.connector() as connector:
        item = connector.create(USER, {"login": ("ada",), "x": (value,)})
        assert connector.get(USER, item.remote_id).attributes["x"] == (read,)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("integer", "many"),
        ("integer", 1.5),
        ("integer", 2**70),
        ("integer", "9" * 5000),
        ("numeric", "nan"),
        ("boolean", "perhaps"),
        ("boolean", 7),
        ("date", "tomorrow"),
        ("timestamp", 5),
        ("timestamp", datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("text", b"bytes"),
    ],
)
def test_values_that_do_not_suit_are_rejected_and_found_nowhere(bench: Bench, declared: str, value: Any) -> None:
    _table(bench, declared)
    with bench.connector() as connector:
        item = connector.create(USER, {"login": ("ada",)})
        with pytest.raises(Rejected, match="'x'"):
            connector.update(USER, item.remote_id, Delta(replace={"x": (value,)}))
        assert connector.search(USER, Equals("x", value)).items == ()


@pytest.mark.parametrize(
    ("declared", "value"), [("varchar(3)", "long"), ("integer", 2**40), ("mood", "angry"), ("positive", -1)]
)
def test_what_postgresql_refuses_is_rejected(postgresql_bench: Bench, declared: str, value: Scalar) -> None:
    postgresql_bench.run(
        "CREATE TYPE mood AS ENUM ('calm', 'busy')", "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)"
    )
    _table(postgresql_bench, declared)
    with postgresql_bench.connector() as connector:
        with pytest.raises(Rejected):
            connector.create(USER, {"login": ("ada",), "x": (value,)})
        assert connector.search(USER, Equals("x", value)).items == ()


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("'2024-03-09T10:11:12Z'", MOMENT),
        ("'2024-03-09 10:11:12'", MOMENT),
        ("'2024-03-09'", datetime(2024, 3, 9, tzinfo=UTC)),
        ("'last week'", "last week"),
        ("''", None),
        ("NULL", None),
    ],
)
def test_whatever_sqlite_holds_can_be_read(sqlite_bench: Bench, stored: str, read: Scalar | None) -> None:
    _table(sqlite_bench, "datetime")
    sqlite_bench.run(f"INSERT INTO users (login, x) VALUES ('ada', {stored})")
    with sqlite_bench.connector() as connector:
        [item] = connector.search(USER).items
        found = item.attributes.get("x", ())
    assert found == (() if read is None else (read,))


def test_empty_text_is_no_value(bench: Bench) -> None:
    _table(bench, "text")
    bench.run("INSERT INTO users (login, x) VALUES ('ada', '')")
    with bench.connector() as connector:
        [item] = connector.search(USER).items
        assert "x" not in item.attributes
        assert connector.search(USER, Present("x")).items == ()


@pytest.mark.parametrize(
    ("declared", "on", "off", "first", "second"),
    [
        ("integer", "1", "0", 1, 0),
        ("varchar(10)", "active", "left", "active", "left"),
        ("varchar(10)", "Y", "", "Y", None),
    ],
)
def test_ways_to_disable(bench: Bench, declared: str, on: str, off: str, first: object, second: object) -> None:
    _table(bench, declared)
    with bench.connector(enabled_column="x", enabled_value=on, disabled_value=off) as connector:
        assert "x" not in connector.schema().objects[USER].attributes
        item = connector.create(USER, {"login": ("ada",)})
        assert (item.enabled, bench.rows("SELECT x FROM users")) == (True, [(first,)])
        changed = connector.update(USER, item.remote_id, Delta(enabled=False))
        assert (changed.enabled, bench.rows("SELECT x FROM users")) == (False, [(second,)])
        assert connector.update(USER, item.remote_id, Delta(enabled=True)).enabled is True


def test_the_moment_of_disabling(bench: Bench) -> None:
    _table(bench, "date")
    with bench.connector(enabled_column="x", enabled_value="", disabled_value="now") as connector:
        item = connector.create(USER, {"login": ("ada",)})
        assert (item.enabled, bench.rows("SELECT x FROM users")) == (True, [(None,)])
        assert connector.update(USER, item.remote_id, Delta(enabled=False)).enabled is False
    [(stored,)] = bench.rows("SELECT x FROM users")
    assert abs(date.fromisoformat(str(stored)) - datetime.now(UTC).date()) <= timedelta(days=1)
