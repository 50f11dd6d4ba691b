"""Nothing is reached past the transport: the checked address is the one that is used."""

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import Misconfigured, ObjectClass
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport
from tests.connectors.catalog.sql.bench import Bench, errors
from tests.servers.certificates import write_server_certificate

NAME = "db.example.test"


class Turncoat:
    """A resolver that gives a permitted address first and another one ever after."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(2, 1, 6, "", (answer, port))]


def _transport(resolver: Turncoat, *networks: str) -> GuardedTransport:
    policy = NetworkPolicy(allowed_networks=networks, sqlite_dir=Path("/nonexistent"))
    return GuardedTransport(policy, 10.0, resolver=resolver)


def test_the_checked_address_is_the_one_connected_to(postgresql_bench: Bench) -> None:
    postgresql_bench.run("CREATE TABLE users (id serial PRIMARY KEY, login text)")
    resolver = Turncoat("127.0.0.1", "169.254.169.254")
    postgresql_bench.make_transport = lambda: _transport(resolver, "127.0.0.0/8")
    with postgresql_bench.connector(host=NAME) as connector:
        assert connector.search(ObjectClass.USER).items == ()
    assert resolver.asked == 1


@pytest.mark.parametrize("answer", ["127.0.0.1", "169.254.169.254", "10.0.0.8"])
def test_an_address_that_is_not_allowed_is_not_connected_to(postgresql_bench: Bench, answer: str) -> None:
    postgresql_bench.make_transport = lambda: _transport(Turncoat(answer))
    connector = postgresql_bench.connector(host=NAME)
    with pytest.raises(Misconfigured, match="allowed networks"):
        connector.open()
    assert errors(list(connector.test())) == ["address"]


@pytest.fixture
def authority(postgresql_bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server speaks TLS, with a certificate for localhost of this authority."""
    folder = Path(str(tmp_path_factory.mktemp("tls")))
    paths = write_server_certificate(folder)
    [(data,)] = postgresql_bench.rows("SHOW data_directory")
    owner = Path(data).stat().st_uid
    for path in paths[1:]:
        copied = Path(data) / path.name
        shutil.copy(path, copied)
        copied.chmod(0o600)
        os.chown(copied, owner, pwd.getpwuid(owner).pw_gid)
    settings = {"ssl_cert_file": paths[1].name, "ssl_key_file": paths[2].name, "ssl": "on"}
    _alter(postgresql_bench, *(f"SET {name} = '{value}'" for name, value in settings.items()))
    yield paths[0].read_text(encoding="ascii")
    _alter(postgresql_bench, *(f"RESET {name}" for name in settings))


def _alter(bench: Bench, *changes: str) -> None:
    with bench.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for change in changes:
            connection.exec_driver_sql(f"ALTER SYSTEM {change}")
        connection.exec_driver_sql("SELECT pg_reload_conf(), pg_sleep(0.3)")


def test_certificates_are_checked(postgresql_bench: Bench, authority: str) -> None:
    postgresql_bench.run("CREATE TABLE users (id serial PRIMARY KEY, login text)")
    verified = {"sslmode": "verify-full", "ca_certificate": authority, "host": "localhost"}
    with postgresql_bench.connector(**verified) as connector:
        assert errors(list(connector.test())) == []
    for changes in ({"ca_certificate": ""}, {"host": NAME}, {"ca_certificate": "not a certificate"}):
        postgresql_bench.make_transport = lambda: _transport(Turncoat("127.0.0.1"), "127.0.0.0/8")
        with pytest.raises(Misconfigured):
            postgresql_bench.connector(**{**verified, **changes}).open()
    with postgresql_bench.connector(sslmode="require") as connector:
        connector.schema()
