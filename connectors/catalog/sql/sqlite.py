"""SQLite: a file of somebody else, opened read-write, never created, its journal mode left as it is."""

import sqlite3
import time
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from connectors.catalog.sql.database import Database
from connectors.catalog.sql.errors import sqlite_error
from connectors.spi import ConnectorError, Misconfigured

LOCK_SECONDS = 5.0
"""The longest wait for somebody else's lock; the engine repeats later."""
_STEPS_BETWEEN_CLOCK_CHECKS = 10_000


class SqliteDatabase(Database):
    """A connection to one file."""

    def make_engine(self) -> sa.Engine:
        """See `Database.make_engine`."""
        return sa.create_engine("sqlite://", creator=self._connect, poolclass=NullPool, hide_parameters=True)

    def begin(self, connection: sa.Connection, seconds: float, *, writing: bool) -> None:
        """Take the write lock at once where it is needed, so that reading before writing cannot end in a deadlock."""
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError("not an SQLite connection")
        deadline = time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_CLOCK_CHECKS)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(min(seconds, LOCK_SECONDS) * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    def error(self, error: BaseException | None, *, committing: bool) -> ConnectorError:
        """See `Database.error`."""
        return sqlite_error(error)

    def check_rights(self, connection: sa.Connection, table: sa.Table, *, deletes: bool) -> None:
        """Nothing to ask: a file that cannot be written refuses the transaction."""

    def _connect(self) -> sqlite3.Connection:
        path = self.transport.database_path(self.configuration.path)
        if not path.is_file():
            raise Misconfigured("There is no database file of this name.", facts={"stage": "connection"})
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            timeout=min(self.transport.remaining(), LOCK_SECONDS),
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("SELECT count(*) FROM sqlite_schema")
        except sqlite3.Error as error:
            connection.close()
            raise sqlite_error(error) from error
        return connection
