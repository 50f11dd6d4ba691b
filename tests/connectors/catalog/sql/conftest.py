"""Databases for the tests of the SQL connector."""

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.connectors.catalog.sql.bench import Bench
from tests.contracts.subjects.sql import postgresql_engine, postgresql_settings
from tests.contracts.transport import loopback_transport


@pytest.fixture
def sqlite_bench(sqlite_database: Path) -> Bench:
    """An empty SQLite file."""
    engine = sa.create_engine(f"sqlite:///{sqlite_database}", poolclass=sa.NullPool)
    engine.connect().close()
    sqlite_database.touch()
    transport = partial(loopback_transport, sqlite_dir=sqlite_database.parent)
    return Bench(engine, {"database": "sqlite", "path": sqlite_database.name}, transport)


@pytest.fixture
def postgresql_bench(postgresql_database: str) -> Bench:
    """An empty PostgreSQL database."""
    settings = postgresql_settings(postgresql_database)
    return Bench(postgresql_engine(postgresql_database), settings, loopback_transport)


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each database in turn."""
    made: Bench = request.getfixturevalue(f"{request.param}_bench")
    return made
