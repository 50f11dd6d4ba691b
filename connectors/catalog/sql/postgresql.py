"""PostgreSQL: connected to the checked address, verified by name, every wait bounded by the operation's deadline."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from connectors.catalog.sql.configuration import TlsMode
from connectors.catalog.sql.database import Database
from connectors.catalog.sql.errors import connecting_error, postgresql_error
from connectors.spi import ConnectorError, Misconfigured

CONNECT_SECONDS = 10.0
_LEAST_CONNECT_SECONDS = 2
"""libpq takes shorter times for this one."""


class DeadlineConnection(psycopg.Connection[Any]):
    """Waits no longer than its deadline, also for a server that has fallen silent."""

    deadline = float("inf")

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As the base does, within the deadline (raises psycopg.OperationalError)."""
        left = max(0.01, self.deadline - time.monotonic())
        return super().wait(gen, interval=interval, timeout=left if timeout is None else min(left, timeout))


class PostgresqlDatabase(Database):
    """A connection to one database of one server."""

    def make_engine(self) -> sa.Engine:
        """See `Database.make_engine`."""
        return sa.create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            poolclass=NullPool,
            hide_parameters=True,
            use_native_hstore=False,
        )

    def begin(self, connection: sa.Connection, seconds: float, *, writing: bool) -> None:
        """Give the server the deadline too, so that it stops work nobody waits for."""
        raw = connection.connection.driver_connection
        if not isinstance(raw, DeadlineConnection):
            raise TypeError("not a connection of this connector")
        raw.deadline = time.monotonic() + seconds
        limit = str(max(1, int(seconds * 1000)))
        timeouts = (sa.func.set_config(name, limit, sa.true()) for name in ("statement_timeout", "lock_timeout"))
        connection.execute(sa.select(*timeouts))

    def error(self, error: BaseException | None, *, committing: bool) -> ConnectorError:
        """See `Database.error`."""
        return postgresql_error(error, committing=committing)

    def check_rights(self, connection: sa.Connection, table: sa.Table, *, deletes: bool) -> None:
        """Asks the server for the account's privileges (raises Misconfigured)."""
        names = [table.schema, table.name] if table.schema else [table.name]
        name = sa.func.format(".".join(["%I"] * len(names)), *(sa.literal(str(each), sa.String()) for each in names))
        asked = {each: sa.func.has_any_column_privilege(name, each) for each in ("SELECT", "INSERT", "UPDATE")}
        if deletes:
            asked["DELETE"] = sa.func.has_table_privilege(name, "DELETE")
        answers = connection.execute(sa.select(*asked.values())).one()
        missing = [privilege for privilege, granted in zip(asked, answers, strict=True) if not granted]
        if missing:
            raise Misconfigured(f"The database account lacks {', '.join(missing)} on {table.name}.")

    def _connect(self) -> DeadlineConnection:
        settings = self.configuration
        address = self.transport.resolve(settings.host, settings.port)
        seconds = min(self.transport.remaining(), CONNECT_SECONDS)
        with self._roots() as roots:
            try:
                connection = DeadlineConnection.connect(
                    host=settings.host,
                    hostaddr=address,
                    port=settings.port,
                    dbname=settings.database_name,
                    user=settings.user_name,
                    password=settings.password,
                    passfile="/dev/null/none",
                    sslmode=settings.sslmode.value,
                    gssencmode="disable",
                    connect_timeout=max(_LEAST_CONNECT_SECONDS, int(seconds)),
                    application_name="provisioning-portal",
                    prepare_threshold=None,
                    sslrootcert=roots,
                )
            except psycopg.Error as error:
                raise connecting_error(error) from None
        connection.deadline = time.monotonic() + seconds
        return connection

    @contextmanager
    def _roots(self) -> Iterator[str | None]:
        """Where libpq finds the authorities: it reads them from a file, and only while it connects."""
        if self.configuration.sslmode is not TlsMode.VERIFY_FULL:
            yield None
        elif not self.configuration.ca_certificate:
            yield "system"
        else:
            self.transport.tls_context(self.configuration.ca_certificate)
            with TemporaryDirectory(prefix="portal-ca-") as folder:
                file = Path(folder) / "ca.pem"
                file.write_text(self.configuration.ca_certificate, encoding="ascii")
                yield str(file)
