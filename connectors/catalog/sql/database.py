"""One connection and its transactions: what the two databases have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy import exc

from connectors.catalog.sql.configuration import SqlConfiguration
from connectors.spi import Ambiguous, ConnectorError, Misconfigured, Rejected, Transient, Transport

BROKEN = (Transient, Ambiguous, Misconfigured)
"""Errors after which the connection is not used again."""


class Database(ABC):
    """A connection that is made when it is first needed and made anew after it broke."""

    def __init__(self, configuration: SqlConfiguration, transport: Transport) -> None:
        self.configuration = configuration
        self.transport = transport
        self._engine = self.make_engine()
        self._connection: sa.Connection | None = None

    @abstractmethod
    def make_engine(self) -> sa.Engine:
        """An engine without a pool whose `creator` connects through the transport."""

    @abstractmethod
    def begin(self, connection: sa.Connection, seconds: float, *, writing: bool) -> None:
        """Open a transaction that ends within this time."""

    @abstractmethod
    def error(self, error: BaseException | None, *, committing: bool) -> ConnectorError:
        """The SPI's error for one of the client library."""

    @abstractmethod
    def check_rights(self, connection: sa.Connection, table: sa.Table, *, deletes: bool) -> None:
        """See whether rows of the table may be written (raises Misconfigured). The transaction is one for writing."""

    @contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        """One short transaction, committed at the end of the block and undone by any error.

        Raises:
            Transient: nothing was changed. Ambiguous: the commit was sent and its answer lost. Misconfigured, Rejected,
                NotUnique: as the database says.
        """
        seconds = self.transport.remaining()
        committing = False
        try:
            connection = self.connection()
            self.begin(connection, seconds, writing=writing)
            yield connection
            committing = writing
            connection.commit()
        except exc.DBAPIError as error:
            translated = self.error(error.orig, committing=committing)
            self._give_up(broken=isinstance(translated, BROKEN))
            raise translated from None  # its text may repeat values of the row
        except exc.StatementError as error:
            self._give_up(broken=False)
            raise Rejected("The database cannot store a value.", detail=type(error.orig).__name__) from None
        except BaseException:
            self._give_up(broken=False)
            raise

    def connection(self) -> sa.Connection:
        """The open connection (raises Transient, Misconfigured)."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Close the connection; never raises. The next use makes a new one."""
        if self._connection is not None:
            with suppress(exc.SQLAlchemyError):
                self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _give_up(self, *, broken: bool) -> None:
        """Undo what was begun; a broken connection is dropped without a word, for it might not answer."""
        if self._connection is None:
            return
        try:
            if not broken:
                self._connection.rollback()
                return
            self._connection.invalidate()
        except exc.SQLAlchemyError:
            broken = True
        self._connection = None
