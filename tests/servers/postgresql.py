"""A private PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers.processes import ServerProcess, free_port, installed, run_as, temporary_folder

ACCOUNT = "postgres"
BINARIES = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
USER = "app"
# The data is gone with the test run: nothing has to survive a power cut.
SPEED = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


def dump(url: str, path: Path) -> None:
    """Write everything that a database holds to a file."""
    program = installed("pg_dump", "postgresql", *BINARIES)
    subprocess.run([program, "--no-owner", "--no-privileges", "--file", path, url], check=True)


def restore(url: str, path: Path) -> None:
    """Fill an empty database with what `dump` wrote."""
    program = installed("psql", "postgresql", *BINARIES)
    options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set", "ON_ERROR_STOP=1"]
    subprocess.run([program, *options, "--file", path, url], check=True, stdout=subprocess.DEVNULL)


class PostgresqlServer:
    """A running server; `url` is its maintenance database."""

    def __init__(self, port: int | None = None, *, durable: bool = False) -> None:
        """Reserve a port; nothing runs before `running`. `durable`: what is committed survives a power cut."""
        self.port = port or free_port()
        self.pid = 0
        self._options = ("max_connections=200", "random_page_cost=1.1") if durable else SPEED
        self._databases = 0

    @property
    def url(self) -> str:
        """The database that exists from the start."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        """The address of a database by name."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def create_database(self) -> str:
        """A fresh empty database; its address."""
        self._databases += 1
        name = f"fresh_{self._databases}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return self.database_url(name)

    @contextmanager
    def running(self) -> Iterator[PostgresqlServer]:
        """Initialise, start, and stop afterwards."""
        initdb = installed("initdb", "postgresql", *BINARIES)
        with temporary_folder("postgresql", ACCOUNT) as folder:
            data = folder / "data"
            subprocess.run(
                [initdb, "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
                check=True,
                stdout=subprocess.DEVNULL,
                cwd="/",
                **run_as(ACCOUNT),
            )
            process = ServerProcess(self._command(initdb, data), folder / "log", account=ACCOUNT)
            try:
                process.start(self._answers)
                self.pid = process.pid
                yield self
            finally:
                process.stop(signal.SIGINT)

    def _command(self, initdb: str, data: Path) -> list[str | Path]:
        command: list[str | Path] = [Path(initdb).parent / "postgres", "-D", data, "-p", str(self.port)]
        for option in ("listen_addresses=127.0.0.1", "unix_socket_directories=", *self._options):
            command += ["-c", option]
        return command

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
