"""What is proposed for databases as they are met."""

import pytest

from connectors.spi import Discovery, ObjectClass
from tests.connectors.catalog.sql.bench import Bench

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
INTRANET = (
    "CREATE TABLE settings (name text PRIMARY KEY, value text)",
    "CREATE TABLE departments (id char(36) PRIMARY KEY, name text)",
    """CREATE TABLE users (
        id char(36) PRIMARY KEY, login text UNIQUE, e_mail text, first_name text, last_name text, external_id text,
        is_active boolean, deleted_at timestamp, department text, manager_id char(36) REFERENCES users)""",
    "CREATE TABLE groups (id char(36) PRIMARY KEY, name text UNIQUE)",
    "CREATE TABLE group_members (group_id char(36) REFERENCES groups, user_id char(36) REFERENCES users)",
)
DJANGO = (
    """CREATE TABLE auth_user (
        id int PRIMARY KEY, username varchar(150) NOT NULL UNIQUE, email varchar(254) NOT NULL,
        first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL, password varchar(128) NOT NULL,
        is_active boolean NOT NULL)""",
    "CREATE TABLE auth_group (id int PRIMARY KEY, name varchar(150) NOT NULL UNIQUE)",
    """CREATE TABLE auth_user_groups (
        id int PRIMARY KEY, user_id int REFERENCES auth_user, group_id int REFERENCES auth_group)""",
)


def _discovered(bench: Bench, tables: tuple[str, ...], **settings: str) -> Discovery:
    bench.run(*tables)
    with bench.connector(**{"users_table": "", "login_column": "", **settings}) as connector:
        return connector.discover()


def test_tables_and_columns_are_proposed(bench: Bench) -> None:
    found = _discovered(bench, INTRANET)
    assert found.proposals == {
        "users_table": "users",
        "user_id_column": "id",
        "login_column": "login",
        "marker_column": "external_id",
        "empty_text": False,
        "enabled_column": "is_active",
        "enabled_value": "true",
        "disabled_value": "false",
        "deleted_column": "deleted_at",
        "deleted_value": "now",
        "live_value": "",
        "groups_table": "groups",
        "group_id_column": "id",
        "group_name_column": "name",
        "membership_table": "group_members",
        "membership_user_column": "user_id",
        "membership_group_column": "group_id",
    }
    assert found.choices["users_table"] == ("departments", "group_members", "groups", "settings", "users")
    assert "e_mail" in found.choices["login_column"]
    assert found.suggested_mappings == {
        USER: {
            "login": "user.userName",
            "e_mail": "user.primary_email",
            "first_name": "user.name.givenName",
            "last_name": "user.name.familyName",
            "department": "user.enterprise.department",
            "manager_id": "user.manager.id",
        },
        GROUP: {"name": "group.displayName"},
    }


def test_proposals_make_a_working_connector(bench: Bench) -> None:
    found = _discovered(bench, INTRANET)
    with bench.connector(**found.proposals) as connector:
        assert [each.name for each in connector.test() if each.level == "error"] == []
        for object_class, mappings in found.suggested_mappings.items():
            assert set(mappings) <= set(connector.schema().objects[object_class].attributes)


def test_tables_of_django(bench: Bench) -> None:
    found = _discovered(bench, DJANGO)
    proposals = found.proposals
    assert (proposals["users_table"], proposals["login_column"]) == ("auth_user", "username")
    assert (proposals["groups_table"], proposals["membership_table"]) == ("auth_group", "auth_user_groups")
    assert proposals["empty_text"] is True
    assert "password" not in found.suggested_mappings[USER]


@pytest.mark.parametrize(
    ("column", "values"),
    [("locked boolean", ("locked", "false", "true")), ("enabled int", ("enabled", "1", "0")), ("status text", None)],
)
def test_how_accounts_are_disabled(bench: Bench, column: str, values: tuple[str, ...] | None) -> None:
    table = f"CREATE TABLE people (id char(36) PRIMARY KEY, email text, {column})"
    proposals = _discovered(bench, (table,)).proposals
    found = tuple(
        proposals[name] for name in ("enabled_column", "enabled_value", "disabled_value") if name in proposals
    )
    assert found == (values or ())


def test_a_chosen_table_is_kept(bench: Bench) -> None:
    other = "CREATE TABLE crew (nr char(36) PRIMARY KEY, nick text, surname text)"
    found = _discovered(bench, (*INTRANET, other), users_table="crew", login_column="nick")
    assert found.proposals["users_table"] == "crew"
    assert found.choices["login_column"] == ("nr", "nick", "surname")
    assert found.suggested_mappings[USER] == {"nick": "user.userName", "surname": "user.name.familyName"}


def test_nothing_to_propose(bench: Bench) -> None:
    found = _discovered(bench, ("CREATE TABLE settings (name text PRIMARY KEY, value text)",))
    assert dict(found.proposals) == {}
    assert "choose one" in " ".join(found.notes)
