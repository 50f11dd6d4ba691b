"""The server fixtures: each server starts when the first test asks for it, once per test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from django.core.management.commands import flush
from pytest_django.plugin import DjangoDbBlocker

from tests.servers.django_database import make_test_database, what_migrations_left
from tests.servers.portal import Portal
from tests.servers.postgresql import PostgresqlServer
from tests.servers.proxy import FlakyProxy, running_proxy
from tests.servers.redis import RedisServer, running_redis
from tests.servers.scim import ScimServer, running_scim
from tests.servers.slapd import Slapd, running_slapd
from tests.settings import CHOSEN_DATABASE, DATABASE_SERVER


class PortalFactory(Protocol):
    """What the fixture `portal` gives."""

    def __call__(self, *processes: str, fast: bool = True, prepare: bool = True, **environment: str) -> Portal:
        """Make an installation with this environment, prepare it and start these processes."""
        ...


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A private PostgreSQL; with TEST_DATABASE=postgresql it also holds Django's test database."""
    with DATABASE_SERVER.running() as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Have PostgreSQL running before Django makes its test database there."""
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")
    if CHOSEN_DATABASE == "postgresql":
        request.getfixturevalue("postgresql_server")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database, migrated; what the migrations left in it is there again after a test that empties it."""
    with django_db_blocker.unblock():
        make_test_database()
        put_back = what_migrations_left()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flush, "emit_post_migrate_signal", lambda *_: put_back())
        yield


@pytest.fixture
def postgresql_database(postgresql_server: PostgresqlServer) -> str:
    """The address of a fresh, empty database."""
    return postgresql_server.create_database()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Path:
    """The path of an SQLite file that does not exist yet."""
    return tmp_path / "database.sqlite3"


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis_server: RedisServer) -> RedisServer:
    """A running Redis, empty."""
    _redis_server.ensure()
    with _redis_server.client() as client:
        client.flushall()
    return _redis_server


@pytest.fixture(scope="session")
def _slapd() -> Iterator[Slapd]:
    with running_slapd() as server:
        yield server


@pytest.fixture
def slapd(_slapd: Slapd) -> Slapd:
    """A running directory with empty containers."""
    _slapd.ensure()
    _slapd.reset()
    return _slapd


@pytest.fixture(scope="session")
def _scim_server() -> Iterator[ScimServer]:
    with running_scim() as server:
        yield server


@pytest.fixture
def scim_server(_scim_server: ScimServer) -> ScimServer:
    """A running SCIM server without users and groups."""
    _scim_server.ensure()
    _scim_server.reset()
    return _scim_server


@pytest.fixture
def flaky_proxy() -> Iterator[Callable[[str, int], FlakyProxy]]:
    """Makes proxies: `flaky_proxy(host, port)` in front of a server."""
    with ExitStack() as stack:
        yield lambda host, port: stack.enter_context(running_proxy(host, port))


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalFactory]:
    """Makes installations of the portal from real processes: `portal("web", "worker", REDIS_URL=...)`."""
    made: list[Portal] = []

    def make(*processes: str, fast: bool = True, prepare: bool = True, **environment: str) -> Portal:
        folder = tmp_path / f"portal-{len(made)}"
        folder.mkdir()
        installation = Portal(folder, environment, fast=fast)
        made.append(installation)
        if prepare:
            installation.prepare()
        installation.start(*processes)
        return installation

    yield make
    for installation in made:
        installation.stop()
