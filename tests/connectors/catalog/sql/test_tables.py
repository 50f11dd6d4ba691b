"""Which tables can be used, and what is made of their columns."""

from typing import Any

import pytest

from connectors.spi import AttributeType, Delta, Equals, Misconfigured, ObjectClass, Rejected, StartsWith
from tests.connectors.catalog.sql.bench import Bench

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP


@pytest.mark.parametrize(
    ("table", "settings", "problem"),
    [
        ("CREATE TABLE others (id integer PRIMARY KEY)", {}, "no table 'users'"),
        ("CREATE TABLE users (id char(36) PRIMARY KEY, name text)", {}, "'login' does not exist"),
        ("CREATE TABLE users (login text)", {}, "no primary key of one column"),
        ("CREATE TABLE users (a integer, b integer, login text, PRIMARY KEY (a, b))", {}, "no primary key of one"),
        ("CREATE TABLE users (login text PRIMARY KEY)", {}, "key and the name at once"),
        ("CREATE TABLE users (id int PRIMARY KEY, login text)", {}, "Nothing generates the ids"),
        ("CREATE TABLE users (id char(8) PRIMARY KEY, login text)", {}, "Nothing generates the ids"),
        (
            "CREATE TABLE users (id integer PRIMARY KEY, badge text, login text)",
            {"user_id_column": "badge"},
            "Nothing keeps the ids in badge unique",
        ),
        (
            "CREATE TABLE users (id char(36) PRIMARY KEY, login text, active boolean)",
            {"enabled_column": "active", "disabled_value": "perhaps"},
            "'perhaps' does not suit the column 'active'",
        ),
    ],
)
def test_unusable_tables_are_told(bench: Bench, table: str, settings: dict[str, Any], problem: str) -> None:
    bench.run(table)
    with bench.connector(**settings) as connector, pytest.raises(Misconfigured, match=problem):
        connector.schema()


def test_columns_become_attributes(bench: Bench) -> None:
    number = "integer GENERATED ALWAYS AS (floor * 2) STORED"
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login varchar(20) NOT NULL, needed text NOT NULL,"
        f" kept text NOT NULL DEFAULT 'x', floor integer, doubled {number}, share numeric(5, 2), part_time boolean,"
        " hired date, seen timestamp, photo bytea, active boolean NOT NULL DEFAULT true,"
        " manager_id char(36) REFERENCES users (id))"
    )
    with bench.connector(enabled_column="active") as connector:
        specs = connector.schema().objects[USER].attributes
    assert {name: spec.type for name, spec in specs.items()} == {
        "id": AttributeType.STRING,
        "login": AttributeType.STRING,
        "needed": AttributeType.STRING,
        "kept": AttributeType.STRING,
        "floor": AttributeType.INTEGER,
        "doubled": AttributeType.INTEGER,
        "share": AttributeType.DECIMAL,
        "part_time": AttributeType.BOOLEAN,
        "hired": AttributeType.DATETIME,
        "seen": AttributeType.DATETIME,
        "photo": AttributeType.STRING if bench.is_sqlite else AttributeType.BINARY,
        "manager_id": AttributeType.REFERENCE,
    }
    assert {name for name, spec in specs.items() if spec.required} == {"login", "needed"}
    assert {name for name, spec in specs.items() if not spec.creatable} == {"id", "doubled"}
    assert {name for name, spec in specs.items() if not spec.updatable} == {"id", "doubled"}
    assert specs["manager_id"].refers_to is USER


def test_types_that_are_not_known_are_left_alone(postgresql_bench: Bench) -> None:
    postgresql_bench.run(
        "CREATE TABLE users (id serial PRIMARY KEY, login text, tags text[], facts jsonb, address inet, span interval)"
    )
    with postgresql_bench.connector() as connector:
        assert set(connector.schema().objects[USER].attributes) == {"id", "login"}
        item = connector.create(USER, {"login": ("ada",)})
        with pytest.raises(Rejected, match="no column 'tags'"):
            connector.update(USER, item.remote_id, Delta(replace={"tags": ("x",)}))


HOSTILE_NAMES = [
    "select",
    'qu"ote',
    "per%cent",
    "per%(s)s",
    "co:lon",
    "(brackets)",
    "semi;colon",
    "sp ace",
    "Ünïcode",
    "a.b",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_identifiers_are_quoted(bench: Bench, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    key = "INTEGER PRIMARY KEY" if bench.is_sqlite else "serial PRIMARY KEY"
    statement = f"CREATE TABLE {quoted} (id {key}, login text UNIQUE, {quoted} text, boss integer REFERENCES {quoted})"
    bench.run(statement.replace("%", "%%") if not bench.is_sqlite else statement)
    with bench.connector(users_table=name, marker_column=name) as connector:
        assert [each.name for each in connector.test() if each.level == "error"] == []
        item = connector.create(USER, {"login": ("ada",), name: ("one",)})
        changed = connector.update(USER, item.remote_id, Delta(replace={name: ("two",), "boss": (item.reference,)}))
        assert changed.attributes[name] == ("two",)
        assert changed.attributes["boss"] == (item.reference,)
        for condition in (Equals(name, "two"), StartsWith(name, "tw")):
            assert [each.remote_id for each in connector.search(USER, condition).items] == [item.remote_id]
        connector.update(USER, item.remote_id, Delta(replace={"boss": ()}))
        connector.delete(USER, item.remote_id)


def test_tables_of_another_schema(postgresql_bench: Bench) -> None:
    postgresql_bench.run(
        "CREATE SCHEMA hr",
        "CREATE TABLE hr.users (id serial PRIMARY KEY, login text UNIQUE, boss integer REFERENCES hr.users)",
        "CREATE TABLE users (id serial PRIMARY KEY, login text UNIQUE)",
    )
    with postgresql_bench.connector(schema_name="hr") as connector:
        connector.create(USER, {"login": ("ada",)})
        assert connector.schema().objects[USER].attributes["boss"].refers_to is USER
    assert postgresql_bench.rows("SELECT login FROM hr.users") == [("ada",)]
    assert postgresql_bench.rows("SELECT login FROM users") == []


def test_ids_from_a_mapping(bench: Bench) -> None:
    bench.run("CREATE TABLE users (badge int PRIMARY KEY, login text UNIQUE)")
    with bench.connector(user_id_mapped=True) as connector:
        spec = connector.schema().objects[USER].attributes["badge"]
        assert (spec.required, spec.creatable, spec.updatable) == (True, True, False)
        with pytest.raises(Rejected, match="badge must have a value"):
            connector.create(USER, {"login": ("ada",)})
        item = connector.create(USER, {"login": ("ada",), "badge": (17,)})
        assert item.remote_id == item.reference == "17"
        with pytest.raises(Rejected, match="one of these values"):
            connector.create(USER, {"login": ("bob",), "badge": (17,)})
        with pytest.raises(Rejected, match="cannot be written"):
            connector.update(USER, "17", Delta(replace={"badge": (18,)}))


def test_an_id_column_beside_the_primary_key(bench: Bench) -> None:
    key = "INTEGER PRIMARY KEY" if bench.is_sqlite else "serial PRIMARY KEY"
    bench.run(f"CREATE TABLE users (n {key}, uid varchar(32) NOT NULL UNIQUE, login text UNIQUE)")
    with bench.connector(user_id_column="uid") as connector:
        item = connector.create(USER, {"login": ("ada",)})
        assert len(item.remote_id) == 32
        assert bench.rows("SELECT uid FROM users") == [(item.remote_id,)]


@pytest.mark.parametrize(
    ("text", "stored"), [("07", None), (" 7", None), ("7", "7"), ("9" * 30, None), ("\u0667", None)]
)
def test_only_the_exact_id_is_that_row(bench: Bench, text: str, stored: str | None) -> None:
    bench.run("CREATE TABLE users (id int PRIMARY KEY, login text)", "INSERT INTO users VALUES (7, 'ada')")
    with bench.connector(user_id_mapped=True) as connector:
        found = [each.remote_id for each in connector.search(USER, Equals("remote_id", text)).items]
    assert found == ([stored] if stored else [])


def test_required_texts_may_be_written_empty(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text NOT NULL UNIQUE, title text NOT NULL,"
        " floor int NOT NULL)"
    )
    with bench.connector(empty_text=True) as connector:
        specs = connector.schema().objects[USER].attributes
        assert {name for name, spec in specs.items() if spec.required} == {"login", "floor"}
        item = connector.create(USER, {"login": ("ada",), "floor": (1,)})
        assert "title" not in item.attributes
        connector.update(USER, item.remote_id, Delta(replace={"title": ("Dr",)}))
        connector.update(USER, item.remote_id, Delta(replace={"title": ()}))
        with pytest.raises(Rejected, match="login must have a value"):
            connector.update(USER, item.remote_id, Delta(replace={"login": ()}))
    assert bench.rows("SELECT title FROM users") == [("",)]


def test_groups_without_a_membership_table(bench: Bench) -> None:
    bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text)",
        "CREATE TABLE teams (id char(36) PRIMARY KEY, name text UNIQUE, members integer)",
    )
    with bench.connector(groups_table="teams", group_name_column="name") as connector:
        schema = connector.schema().objects[GROUP]
        assert schema.member_attribute is None
        item = connector.create(GROUP, {"name": ("staff",), "members": (3,)})
        assert connector.get(GROUP, item.remote_id, members=True).attributes["members"] == (3,)


def test_groups_that_are_not_set_up(bench: Bench) -> None:
    bench.run("CREATE TABLE users (id char(36) PRIMARY KEY, login text)")
    with bench.connector() as connector:
        assert GROUP not in connector.capabilities().objects
        with pytest.raises(Misconfigured, match="No groups table"):
            connector.search(GROUP)
