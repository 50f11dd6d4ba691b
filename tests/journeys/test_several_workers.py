"""Several workers at once: every object has one worker at a time, and all of them work."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.journeys import systems
from tests.journeys.accounts import assert_one_each, of_register, wait_for
from tests.journeys.conftest import Measured
from tests.journeys.people import Personnel, numbered
from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal

pytestmark = pytest.mark.slow
PEOPLE = 20
TABLE = "connectors_operation"
# The queue's own rows say only how things stand now: triggers keep what happened to each lease, and when.
JOURNAL = """CREATE TABLE lease_journal (
    number {key}, login TEXT NOT NULL, operation INTEGER NOT NULL, owner TEXT NOT NULL, taken BOOLEAN NOT NULL,
    at TEXT NOT NULL);"""
TAKEN = "NEW.state = 'in_flight' AND OLD.state <> 'in_flight'"
ENDED = "OLD.state = 'in_flight' AND NEW.state <> 'in_flight'"
SQLITE_TRIGGER = """CREATE TRIGGER lease_{name} AFTER UPDATE ON {table} WHEN {when} BEGIN
    INSERT INTO lease_journal (login, operation, owner, taken, at)
        VALUES (NEW.object_name, NEW.id, {row}.lease_owner, {taken}, strftime('%Y-%m-%d %H:%M:%f', 'now')); END;"""
POSTGRESQL_TRIGGER = """CREATE FUNCTION lease_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lease_journal (login, operation, owner, taken, at)
        VALUES (NEW.object_name, NEW.id, {row}.lease_owner, {taken},
        to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')); RETURN NULL; END $$;
CREATE TRIGGER lease_{name} AFTER UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION lease_{name}();"""


@dataclass(frozen=True)
class Lease:
    """From when to when a worker had an operation."""

    owner: str
    start: str
    end: str


class Database:
    """The portal's own database, as its administrator sees it."""

    def __init__(self, portal: Portal, url: str) -> None:
        """Lay the journal on the queue."""
        self._url = url
        self._path = portal.folder / "data" / "portal.sqlite3"
        pattern = POSTGRESQL_TRIGGER if url else SQLITE_TRIGGER
        taken = pattern.format(name="taken", table=TABLE, when=TAKEN, row="NEW", taken="TRUE")
        ended = pattern.format(name="ended", table=TABLE, when=ENDED, row="OLD", taken="FALSE")
        key = "SERIAL" if url else "INTEGER PRIMARY KEY AUTOINCREMENT"
        self._execute(f"{JOURNAL.format(key=key)} {taken} {ended}")

    def _execute(self, script: str) -> None:
        if self._url:
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute(script.encode())
            return
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.executescript(script)

    def leases(self) -> dict[str, list[Lease]]:
        """Every lease there was, in order, by user name.

        Raises:
            AssertionError: one began before the one before it had ended, or ended without having begun.
        """
        query = "SELECT login, operation, owner, taken, at FROM lease_journal ORDER BY number"
        found: dict[str, list[Lease]] = defaultdict(list)
        held: dict[str, tuple[object, ...]] = {}
        for login, operation, owner, taken, at in self._rows(query):
            if taken:
                assert login not in held, f"{owner} took {login} while {held[login]} had it"
                held[login] = (operation, owner, at)
                continue
            begun = held.pop(login, None)
            assert begun is not None
            assert begun[0] == operation, f"{login}: {begun} ended as {operation}"
            found[login].append(Lease(str(begun[1]), str(begun[2]), at))
        assert not held
        return found

    def _rows(self, query: str) -> list[tuple[str, int, str, bool, str]]:
        if self._url:
            with psycopg.connect(self._url) as connection:
                return connection.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            return connection.execute(query).fetchall()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_workers_and_then_four_never_hold_the_same_person(
    database: str, portal: PortalFactory, request: pytest.FixtureRequest, measured: Measured
) -> None:
    url = request.getfixturevalue("postgresql_database") if database == "postgresql" else ""
    installation = portal("web", **({"DATABASE_URL": url} if url else {}))
    described, path = systems.register(installation)
    systems.connect(installation, described)
    personnel, names = Personnel(installation), numbered("person", PEOPLE)
    journal = Database(installation, url)

    installation.start("worker-1", "worker-2")
    personnel.hire(names)
    personnel.retitle(names, "second")
    wait_for(lambda: of_register(path), names, "second", 60)
    installation.start("worker-3", "worker-4")
    for title in ("third", "fourth"):
        personnel.retitle(names, title)
    wait_for(lambda: of_register(path), names, "fourth", 60)
    installation.wait(("status",), lambda status: not any(status["operations"].values()), 20)

    leases = journal.leases()
    owners = {lease.owner for those in leases.values() for lease in those}
    measured(f"{database}: leases of {len(owners)} workers", sum(len(those) for those in leases.values()))
    assert len(owners) >= 2
    assert_one_each(of_register(path), names)
    _assert_written_under_lease(path, leases)


def _assert_written_under_lease(path: Path, leases: dict[str, list[Lease]]) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        writes = connection.execute("SELECT login, kind, at FROM writes").fetchall()
    inserts = [login for login, kind, _ in writes if kind == "insert"]
    assert sorted(inserts) == sorted(leases), "one insert for everybody"
    stray = [
        (login, kind, at)
        for login, kind, at in writes
        if not any(lease.start <= at <= lease.end for lease in leases[login])
    ]
    assert not stray, "written while no worker had the person"
