"""The systems of a whole company, and what each of them holds and has written down itself."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.contracts.subjects.sql import postgresql_settings
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

DIRECTORY, APPLICATION, DATABASE = "Directory", "Application", "Database"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# Every write is noted by the database itself: what no reader of the tables could tell afterwards.
TABLES = """
CREATE TABLE people (
    id serial PRIMARY KEY, login text NOT NULL UNIQUE, full_name text, department text,
    manager_id integer REFERENCES people (id), active boolean NOT NULL DEFAULT true, portal_id text UNIQUE);
CREATE TABLE teams (id serial PRIMARY KEY, name text NOT NULL UNIQUE, portal_id text UNIQUE);
CREATE TABLE team_members (
    team_id integer REFERENCES teams (id), person_id integer REFERENCES people (id), PRIMARY KEY (team_id, person_id));
CREATE TABLE writes (kind text, what text, number serial);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed jsonb := to_jsonb(coalesce(new, old)); BEGIN
    INSERT INTO writes VALUES (TG_OP || ' ' || TG_TABLE_NAME, coalesce(
        changed ->> 'login', changed ->> 'name',
        (SELECT login FROM people WHERE id = (changed ->> 'person_id')::integer) || ' in '
        || (SELECT name FROM teams WHERE id = (changed ->> 'team_id')::integer)));
    RETURN NULL; END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON people FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON teams FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON team_members FOR EACH ROW EXECUTE FUNCTION note();
"""
Description = dict[str, Any]


def directory(slapd: Slapd) -> Description:
    """People in the OUs of their org units, managers as DNs, groups of names."""
    return {
        "name": DIRECTORY,
        "connector": "ldap",
        "configuration": {
            "host": "127.0.0.1",
            "port": slapd.port,
            "security": "plain",
            "bind_dn": slapd.bind_dn,
            "base_dn": slapd.base_dn,
            "org_unit_container": "ou=people",
            "place_people_by_org_unit": True,
        },
        "secrets": {"bind_password": "${DIRECTORY_PASSWORD}"},
        "groups": {"provision": True},
        "org_units": {"provision": "units"},
        "mappings": {
            "user": {
                "uid": {"direct": "userName"},
                "cn": {"direct": "displayName"},
                "sn": {"direct": "name.familyName"},
                "departmentNumber": {"direct": "enterprise.department", "clear_when_null": True},
                "manager": {"direct": "manager.id", "clear_when_null": True},
            },
            "group": {"cn": {"direct": "displayName"}},
            "org_unit": {"ou": {"direct": "name"}},
        },
    }


def application(server: ScimServer) -> Description:
    """The same as SCIM resources."""
    return {
        "name": APPLICATION,
        "connector": "scim",
        "configuration": {"base_url": server.url},
        "secrets": {"token": "${APPLICATION_TOKEN}"},
        "groups": {"provision": True},
        "mappings": {
            "user": {
                "userName": {"direct": "userName"},
                "displayName": {"direct": "displayName"},
                f"{ENTERPRISE}:department": {"direct": "enterprise.department", "clear_when_null": True},
                f"{ENTERPRISE}:manager": {"direct": "manager.id", "clear_when_null": True},
            },
            "group": {"displayName": {"direct": "displayName"}},
        },
    }


def database(url: str) -> Description:
    """The same as rows."""
    configuration = {
        "users_table": "people",
        "login_column": "login",
        "enabled_column": "active",
        "marker_column": "portal_id",
        "groups_table": "teams",
        "group_name_column": "name",
        "group_marker_column": "portal_id",
        "membership_table": "team_members",
        "membership_group_column": "team_id",
        "membership_user_column": "person_id",
    }
    return {
        "name": DATABASE,
        "connector": "sql",
        "configuration": {**postgresql_settings(url), **configuration},
        "groups": {"provision": True},
        "mappings": {
            "user": {
                "login": {"direct": "userName"},
                "full_name": {"direct": "displayName"},
                "department": {"direct": "enterprise.department", "clear_when_null": True},
                "manager_id": {"direct": "manager.id", "clear_when_null": True},
            },
            "group": {"name": {"direct": "displayName"}},
        },
    }


@dataclass(frozen=True)
class Entry:
    """Where an entry stands, and which change was its last."""

    dn: str
    csn: str


@dataclass(frozen=True)
class Account:
    """What every one of these systems can say of a person."""

    name: str
    department: str
    manager: str
    active: bool = True


@dataclass(frozen=True)
class Held:
    """The people by login, and the members of each group."""

    people: dict[str, Account]
    groups: dict[str, frozenset[str]]


def held_by_directory(slapd: Slapd) -> Held:
    """What the directory holds."""
    entries = slapd.entries(slapd.people_dn, "(uid=*)", ["*", "pwdAccountLockedTime"])
    logins = {dn.lower(): _first(entry, "uid") for dn, entry in entries.items()}
    people = {
        _first(entry, "uid"): Account(
            _first(entry, "cn"),
            _first(entry, "departmentNumber"),
            logins.get(_first(entry, "manager").lower(), _first(entry, "manager")),
            "pwdAccountLockedTime" not in entry,
        )
        for entry in entries.values()
    }
    groups = {
        _first(entry, "cn"): frozenset(
            logins.get(dn.lower(), dn) for dn in map(bytes.decode, entry["member"]) if dn != slapd.bind_dn
        )
        for entry in slapd.entries(slapd.groups_dn, "(objectClass=groupOfNames)").values()
    }
    return Held(people, groups)


def held_by_application(server: ScimServer) -> Held:
    """What the SCIM application holds."""
    users = server.resources("Users")
    logins = {user["id"]: user["userName"] for user in users}
    people = {}
    for user in users:
        job = user.get(ENTERPRISE, {})
        manager = job.get("manager", {}).get("value", "")
        people[user["userName"]] = Account(
            user["displayName"], job.get("department", ""), logins.get(manager, manager), user.get("active", True)
        )
    groups = {
        group["displayName"]: frozenset(logins.get(m["value"], m["value"]) for m in group.get("members", ()))
        for group in server.resources("Groups")
    }
    return Held(people, groups)


def held_by_database(url: str) -> Held:
    """What the tables hold."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT p.login, p.full_name, coalesce(p.department, ''), coalesce(m.login, ''), p.active"
            " FROM people p LEFT JOIN people m ON m.id = p.manager_id"
        ).fetchall()
        teams = connection.execute(
            "SELECT t.name, array_remove(array_agg(p.login), NULL) FROM teams t"
            " LEFT JOIN team_members ON team_id = t.id LEFT JOIN people p ON p.id = person_id GROUP BY t.id"
        ).fetchall()
    return Held({row[0]: Account(*row[1:]) for row in rows}, {name: frozenset(members) for name, members in teams})


def entries_of(slapd: Slapd) -> dict[str, Entry]:
    """Every entry of the directory by its entryUUID, with its DN and the number of its last change (entryCSN)."""
    found = slapd.entries(slapd.base_dn, "(objectClass=*)", ["entryUUID", "entryCSN"])
    return {_first(entry, "entryUUID"): Entry(dn, _first(entry, "entryCSN")) for dn, entry in found.items()}


def name_of(dn: str) -> str:
    """The value of the first RDN."""
    return dn.partition(",")[0].partition("=")[2]


def requests_of(server: ScimServer) -> list[tuple[str, str, str]]:
    """Method, kind and id of every writing request, from the application's own log."""
    return re.findall(r'"(POST|PUT|PATCH|DELETE) /v2/(Users|Groups)/?([^ "?]*)', server.log())


def writes_of(url: str) -> Counter[tuple[str, str]]:
    """What the database has noted of itself since the last call: the kind of write, and of what."""
    with psycopg.connect(url) as connection:
        return Counter(connection.execute("DELETE FROM writes RETURNING kind, what").fetchall())


def _first(entry: dict[str, list[bytes]], name: str) -> str:
    return entry.get(name, [b""])[0].decode()
