"""What goes wrong with real databases, and the class of error it becomes."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.catalog.sql import SqlConnector
from connectors.spi import Ambiguous, ConnectorError, Delta, Equals, Misconfigured, ObjectClass, Rejected, Transient
from tests.connectors.catalog.sql.bench import Bench
from tests.contracts.transport import loopback_transport
from tests.servers.proxy import FlakyProxy

USER = ObjectClass.USER
TABLE = "CREATE TABLE users (id char(36) PRIMARY KEY, login text UNIQUE, title text CHECK (title <> 'forbidden'))"


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """A database with a users table."""
    bench.run(TABLE)
    return bench


def test_a_check_of_the_table(ready: Bench) -> None:
    with ready.connector() as connector:
        with pytest.raises(Rejected, match="check of the table"):
            connector.create(USER, {"login": ("ada",), "title": ("forbidden",)})
        assert connector.create(USER, {"login": ("ada",)})


def test_a_trigger_of_the_database(sqlite_bench: Bench, postgresql_bench: Bench) -> None:
    sqlite_bench.run(
        TABLE, "CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'ask the owner first'); END"
    )
    postgresql_bench.run(
        TABLE,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ask the owner first''; END'",
        "CREATE TRIGGER no BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION no()",
    )
    for bench in (sqlite_bench, postgresql_bench):
        with bench.connector() as connector, pytest.raises(Rejected, match="trigger") as refusal:
            connector.create(USER, {"login": ("ada",)})
        assert "ask the owner first" in refusal.value.detail


def test_errors_do_not_repeat_the_row(postgresql_bench: Bench) -> None:
    postgresql_bench.run("CREATE TABLE users (id serial PRIMARY KEY, login text UNIQUE, hash text CHECK (hash <> 'x'))")
    postgresql_bench.run("ALTER TABLE users ADD COLUMN pin text NOT NULL DEFAULT 'the-secret-default'")
    with postgresql_bench.connector() as connector, pytest.raises(Rejected) as refusal:
        connector.create(USER, {"login": ("ada",), "hash": ("x",)})
    said = f"{refusal.value.message} {refusal.value.detail} {refusal.value.facts}"
    assert "the-secret-default" not in said
    assert refusal.value.__cause__ is None


def test_tables_that_changed_under_the_connector(ready: Bench) -> None:
    with ready.connector() as connector:
        connector.schema()
        ready.run(
            "ALTER TABLE users DROP COLUMN title" if not ready.is_sqlite else "ALTER TABLE users RENAME TO people"
        )
        with pytest.raises(Misconfigured, match="not as they were"):
            connector.search(USER)


def test_a_locked_file_is_tried_again_later(sqlite_bench: Bench, sqlite_database: Path) -> None:
    sqlite_bench.run(TABLE)
    sqlite_bench.make_transport = lambda: loopback_transport(1.0, sqlite_database.parent)
    other = sqlite3.connect(sqlite_database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    connector = sqlite_bench.connector()
    with pytest.raises(Transient, match="locked"):
        connector.create(USER, {"login": ("ada",)})
    other.execute("ROLLBACK")
    other.close()
    connector.transport = connector.database.transport = loopback_transport(5.0, sqlite_database.parent)
    assert connector.create(USER, {"login": ("ada",)})
    connector.close()


def test_a_file_that_is_no_database(sqlite_bench: Bench, sqlite_database: Path) -> None:
    sqlite_database.write_bytes(b"name;first name\n" * 100)
    with pytest.raises(Misconfigured, match="not an SQLite database"):
        sqlite_bench.connector().open()


def test_a_missing_file_is_not_created(sqlite_bench: Bench, sqlite_database: Path) -> None:
    with pytest.raises(Misconfigured, match="no database file"):
        sqlite_bench.connector(path="typo.sqlite3").open()
    assert not sqlite_database.with_name("typo.sqlite3").exists()


def test_the_journal_mode_is_left_alone(sqlite_bench: Bench) -> None:
    sqlite_bench.run(TABLE)
    with sqlite_bench.connector() as connector:
        connector.create(USER, {"login": ("ada",)})
    assert sqlite_bench.rows("PRAGMA journal_mode") == [("delete",)]


@pytest.mark.parametrize(
    "path", ["../outside.sqlite3", "/etc/passwd", "link.sqlite3", "folder", "a\0b", "?mode=memory"]
)
def test_only_files_in_the_folder(sqlite_bench: Bench, tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "outside.sqlite3"
    outside.touch()
    folder = Path(sqlite_bench.engine.url.database or "").parent
    (folder / "link.sqlite3").symlink_to(outside)
    (folder / "folder").mkdir()
    with pytest.raises(Misconfigured):
        sqlite_bench.connector(path=path).open()


def test_names_of_files_are_no_options(sqlite_bench: Bench) -> None:
    folder = Path(sqlite_bench.engine.url.database or "").parent
    name = "a?mode=ro&b#c%41.sqlite3"
    sqlite3.connect(folder / name).execute(TABLE).connection.close()
    with sqlite_bench.connector(path=name) as connector:
        assert connector.create(USER, {"login": ("ada",)})


@pytest.fixture
def through_proxy(
    postgresql_bench: Bench, flaky_proxy: Callable[[str, int], FlakyProxy]
) -> Iterator[tuple[SqlConnector, FlakyProxy]]:
    """A connector whose way to the server can be cut."""
    postgresql_bench.run(TABLE)
    proxy = flaky_proxy("127.0.0.1", postgresql_bench.settings["port"])
    connector = postgresql_bench.connector(port=proxy.port)
    yield connector, proxy
    connector.close()


def test_a_lost_answer_to_a_commit_is_ambiguous(
    through_proxy: tuple[SqlConnector, FlakyProxy], postgresql_bench: Bench
) -> None:
    connector, proxy = through_proxy
    connector.schema()
    proxy.trigger, proxy.cuts_left, proxy.mode = b"COMMIT", 1, "commit_then_reset"
    with pytest.raises(Ambiguous):
        connector.create(USER, {"login": ("ada",)})
    assert postgresql_bench.rows("SELECT login FROM users") == [("ada",)]
    [found] = connector.search(USER, Equals("login", "ada")).items
    assert found.name == "ada"


def test_a_connection_lost_before_the_commit_changes_nothing(
    through_proxy: tuple[SqlConnector, FlakyProxy], postgresql_bench: Bench
) -> None:
    connector, proxy = through_proxy
    connector.schema()
    proxy.trigger, proxy.cuts_left, proxy.mode = b"INSERT", 1, "commit_then_reset"
    with pytest.raises(Transient):
        connector.create(USER, {"login": ("ada",)})
    time.sleep(0.2)
    assert postgresql_bench.rows("SELECT login FROM users") == []
    assert connector.create(USER, {"login": ("ada",)})


@pytest.mark.parametrize("mode", ["down", "reset"])
def test_a_server_that_cannot_be_reached(through_proxy: tuple[SqlConnector, FlakyProxy], mode: str) -> None:
    connector, proxy = through_proxy
    proxy.mode = mode  # type: ignore[assignment]  # one of the modes
    with pytest.raises(Transient, match="reached"):
        connector.open()
    proxy.mode = "pass"
    assert connector.search(USER).items == ()


def test_a_server_that_falls_silent_is_given_up_in_time(through_proxy: tuple[SqlConnector, FlakyProxy]) -> None:
    connector, proxy = through_proxy
    connector.schema()
    connector.transport = connector.database.transport = loopback_transport(1.5)
    proxy.mode = "blackhole"
    started = time.monotonic()
    with pytest.raises(Transient):
        connector.search(USER)
    connector.close()
    assert time.monotonic() - started < 4


def test_a_server_that_never_answers_is_given_up_in_time(through_proxy: tuple[SqlConnector, FlakyProxy]) -> None:
    connector, proxy = through_proxy
    connector.transport = connector.database.transport = loopback_transport(1.0)
    proxy.mode = "blackhole"
    started = time.monotonic()
    with pytest.raises(Transient):
        connector.open()
    assert time.monotonic() - started < 4


def test_a_locked_row_is_tried_again_later(postgresql_bench: Bench) -> None:
    postgresql_bench.run(TABLE)
    connector = postgresql_bench.connector()
    item = connector.create(USER, {"login": ("ada",)})
    connector.transport = connector.database.transport = loopback_transport(0.5)
    with postgresql_bench.engine.begin() as other:
        other.exec_driver_sql("SELECT * FROM users FOR UPDATE")
        with pytest.raises(Transient):
            connector.update(USER, item.remote_id, Delta(replace={"title": ("Dr",)}))
    connector.transport = connector.database.transport = loopback_transport(5)
    assert connector.update(USER, item.remote_id, Delta(replace={"title": ("Dr",)}))
    connector.close()


def test_a_server_that_dropped_the_connection(postgresql_bench: Bench) -> None:
    postgresql_bench.run(TABLE)
    with postgresql_bench.connector() as connector:
        connector.schema()
        postgresql_bench.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'provisioning-portal'"
            " AND datname = current_database()"
        )
        with pytest.raises(Transient):
            connector.search(USER)
        assert connector.search(USER).items == ()


def test_a_deferred_constraint_refuses_at_the_commit(postgresql_bench: Bench) -> None:
    postgresql_bench.run(
        "CREATE TABLE users (id char(36) PRIMARY KEY, login text,"
        " boss char(36) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with postgresql_bench.connector() as connector, pytest.raises(Rejected, match="refers to"):
        connector.create(USER, {"login": ("ada",), "boss": ("nobody",)})


def test_refused_sign_in(postgresql_bench: Bench) -> None:
    name = f"guard_{postgresql_bench.settings['database_name']}"
    postgresql_bench.run(f"CREATE ROLE {name} LOGIN PASSWORD 'right-one'")
    [(file,)] = postgresql_bench.rows("SHOW hba_file")
    rules = Path(file).read_text(encoding="utf-8")
    Path(file).write_text(f"host all {name} 127.0.0.1/32 scram-sha-256\n{rules}", encoding="utf-8")
    postgresql_bench.run("SELECT pg_reload_conf()")
    time.sleep(0.2)
    try:
        postgresql_bench.connector(user_name=name, password="right-one").open()
        for wrong in ("wrong-one", ""):
            with pytest.raises(Misconfigured, match="refuses the user name") as refusal:
                postgresql_bench.connector(user_name=name, password=wrong).open()
            assert "wrong-one" not in refusal.value.detail
            assert refusal.value.facts["stage"] == "authentication"
    finally:
        Path(file).write_text(rules, encoding="utf-8")
        postgresql_bench.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize("variable", ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGOPTIONS", "PGDATABASE"])
def test_the_environment_of_the_portal_does_not_leak_in(
    postgresql_bench: Bench, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setitem(os.environ, variable, "203.0.113.7")
    connector = postgresql_bench.connector()
    if variable in ("PGSERVICE", "PGOPTIONS"):
        with pytest.raises(ConnectorError):
            connector.open()
    else:
        connector.open()
    connector.close()
