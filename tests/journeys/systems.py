"""Connected systems as an administrator describes them, on the servers of the tests."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import yaml

from tests.servers.portal import Portal
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

DIRECTORY, APPLICATION, REGISTER = "Directory", "Application", "Register"
QUEUE_PUSHES = """
from connectors.engine import work
while work.queue_runs("before the first worker"):
    pass
"""
Description = dict[str, Any]
# Every write is noted with its time: what no reader of the table could tell afterwards.
REGISTER_TABLES = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE, title TEXT, active BOOLEAN NOT NULL DEFAULT true);
CREATE TABLE writes (login TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL);
CREATE TRIGGER created AFTER INSERT ON accounts BEGIN
    INSERT INTO writes VALUES (new.login, 'insert', strftime('%Y-%m-%d %H:%M:%f', 'now')); END;
CREATE TRIGGER changed AFTER UPDATE ON accounts BEGIN
    INSERT INTO writes VALUES (new.login, 'update', strftime('%Y-%m-%d %H:%M:%f', 'now')); END;
"""


def directory(slapd: Slapd, *, port: int | None = None, scope: str = "") -> Description:
    """The test directory, reached directly or through a proxy's port."""
    return {
        "name": DIRECTORY,
        "connector": "ldap",
        "configuration": {
            "host": "127.0.0.1",
            "port": port or slapd.port,
            "security": "plain",
            "bind_dn": slapd.bind_dn,
            "base_dn": slapd.base_dn,
        },
        "secrets": {"bind_password": "${DIRECTORY_PASSWORD}"},
        "scope": {"filter": scope},
        "mappings": {
            "user": {
                "uid": {"direct": "userName"},
                "cn": {"direct": "userName"},
                "sn": {"direct": "userName"},
                "title": {"direct": "title", "clear_when_null": True},
            },
        },
    }


def application(server: ScimServer, *, port: int | None = None, scope: str = "") -> Description:
    """The test application, reached directly or through a proxy's port."""
    return {
        "name": APPLICATION,
        "connector": "scim",
        "configuration": {"base_url": server.url.replace(f":{server.port}/", f":{port or server.port}/")},
        "secrets": {"token": "${APPLICATION_TOKEN}"},
        "scope": {"filter": scope},
        "mappings": {
            "user": {
                "userName": {"direct": "userName"},
                "title": {"direct": "title", "clear_when_null": True},
            },
        },
    }


def register(portal: Portal) -> tuple[Description, Path]:
    """A table in an SQLite file, made where this portal allows it; the file's `writes` tell when each was written."""
    path = portal.folder / "data" / "databases" / "register.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; {REGISTER_TABLES}")
    connection.close()
    configuration = {
        "database": "sqlite",
        "path": path.name,
        "users_table": "accounts",
        "login_column": "login",
        "enabled_column": "active",
    }
    mappings = {"user": {"login": {"direct": "userName"}, "title": {"direct": "title"}}}
    described = {"name": REGISTER, "connector": "sql", "configuration": configuration, "mappings": mappings}
    return described, path


def connect(portal: Portal, description: Description) -> None:
    """Connect a system as the description says, let it run, and push everybody there is.

    The portal's environment holds its secret. A worker queues the push: see `queue_pushes`.
    """
    path = portal.folder / f"{description['name']}.yaml"
    path.write_text(yaml.safe_dump(description))
    portal.json("connect", str(path), "--resume", "--yes")


def queue_pushes(portal: Portal) -> None:
    """Queue everybody whom the pushes are about, before there is a worker that would.

    A push asks for everybody who is there when a worker gets to it, also for those who came later. Their own change
    asks for them as well: both make one operation while nobody works on it yet, and two afterwards, because nobody can
    tell whether the change was there when the first one read the person. Whoever counts the operations of a person
    lets nothing but the person's changes ask for them.
    """
    portal.ask("shell", "--no-imports", "--command", QUEUE_PUSHES)
