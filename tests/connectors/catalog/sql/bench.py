"""A database of a test, its tables as the test wants them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.catalog.sql import SqlConfiguration, SqlConnector
from connectors.spi import Finding, FindingLevel, Transport


@dataclass
class Bench:
    """A database, and connectors to it.

    Attributes:
        settings: what reaches the database; tests add tables and columns.
        make_transport: a new transport that may reach it.
    """

    engine: sa.Engine
    settings: Mapping[str, Any]
    make_transport: Callable[[], Transport]

    @property
    def is_sqlite(self) -> bool:
        """Which of the two it is."""
        return self.engine.dialect.name == "sqlite"

    def run(self, *statements: str) -> None:
        """Carry out statements around the connector."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look around the connector."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def configured(self, **settings: Any) -> SqlConfiguration:
        """A configuration for this database."""
        return SqlConfiguration(**{**self.settings, **settings})

    def connector(self, **settings: Any) -> SqlConnector:
        """A connector that nobody opened yet; the test's users table is its default."""
        named = {"users_table": "users", "login_column": "login", **settings}
        return SqlConnector(self.configured(**named), self.make_transport())


def errors(findings: list[Finding]) -> list[str]:
    """The names of the findings that are errors."""
    return [each.name for each in findings if each.level is FindingLevel.ERROR]


def finding(findings: list[Finding], name: str) -> Finding:
    """The finding of this name."""
    return next(each for each in findings if each.name == name)
