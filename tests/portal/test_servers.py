"""The servers of the tests are what they say they are."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing

import httpx
import ldap
import psycopg
import pytest

from tests.servers.postgresql import PostgresqlServer
from tests.servers.proxy import FlakyProxy
from tests.servers.redis import RedisServer
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

ProxyFactory = Callable[[str, int], FlakyProxy]


def test_postgresql_gives_a_fresh_database_each_time(postgresql_server: PostgresqlServer) -> None:
    first, second = postgresql_server.create_database(), postgresql_server.create_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'").fetchone()
    assert found == (0,)


def test_redis_comes_back_empty_after_a_kill(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.set("key", "value")
    redis_server.kill()
    redis_server.start()
    with redis_server.client() as client:
        assert client.get("key") is None


def test_slapd_speaks_starttls_and_ldaps_with_its_own_authority(slapd: Slapd) -> None:
    for uri, start_tls in ((slapd.uri, True), (slapd.ldaps_uri, False)):
        connection = ldap.initialize(uri)
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(slapd.ca_file))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        if start_tls:
            connection.start_tls_s()
        connection.simple_bind_s(slapd.bind_dn, slapd.bind_password)
        assert connection.whoami_s() == f"dn:{slapd.bind_dn}"
        connection.unbind_s()


def _person(slapd: Slapd) -> str:
    dn = f"uid=ada,{slapd.people_dn}"
    slapd.add(dn, {"objectClass": [b"inetOrgPerson"], "cn": [b"Ada"], "sn": [b"Lovelace"], "userPassword": [b"right"]})
    return dn


def test_slapd_locks_an_account_by_policy(slapd: Slapd) -> None:
    dn = _person(slapd)
    for password in ("wrong", "wrong", "wrong", "right"):
        with pytest.raises(ldap.INVALID_CREDENTIALS):
            ldap.initialize(slapd.uri).simple_bind_s(dn, password)
    entry = slapd.entry(dn)
    assert entry is not None
    assert entry["pwdAccountLockedTime"]
    assert slapd.stats()["Add"] > 0


def test_slapd_keeps_its_content_over_a_restart_and_loses_it_by_reset(slapd: Slapd) -> None:
    dn = _person(slapd)
    slapd.stop()
    with pytest.raises(ldap.SERVER_DOWN):
        slapd.connect()
    slapd.start()
    assert list(slapd.entries(slapd.people_dn)) == [dn]
    slapd.reset()
    assert slapd.entries(slapd.people_dn) == {}


def test_scim_server_wants_its_token_and_forgets_by_reset(scim_server: ScimServer) -> None:
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}
    assert httpx.post(f"{scim_server.url}/Users", json=user).status_code == 401
    with scim_server.client() as client:
        assert client.post("/Users", json=user).status_code == 201
    assert [found["userName"] for found in scim_server.resources("Users")] == ["ada"]
    scim_server.reset()
    assert scim_server.resources("Users") == []


def test_proxy_commits_and_resets(scim_server: ScimServer, flaky_proxy: ProxyFactory) -> None:
    proxy = flaky_proxy("127.0.0.1", scim_server.port)
    headers = {"Authorization": f"Bearer {scim_server.token}"}
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}/v2", headers=headers) as client:
        proxy.mode, proxy.trigger, proxy.cuts_left = "commit_then_reset", b"POST /v2/Users", 1
        assert client.get("/Users").json()["totalResults"] == 0
        with pytest.raises(httpx.TransportError):
            client.post("/Users", json=user)
        assert client.get("/Users").json()["totalResults"] == 1
        assert client.post("/Users", json=user).status_code == 409
    assert proxy.cuts == 1


def test_proxy_refuses_swallows_and_resets(scim_server: ScimServer, flaky_proxy: ProxyFactory) -> None:
    proxy = flaky_proxy("127.0.0.1", scim_server.port)
    address = f"http://127.0.0.1:{proxy.port}/v2/ServiceProviderConfig"
    proxy.mode = "down"
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    proxy.mode = "blackhole"
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(address, timeout=0.3)
    proxy.mode = "reset"
    with pytest.raises(httpx.NetworkError, match="reset"):  # at the first read, or already at connecting
        httpx.get(address)
    proxy.mode = "pass"
    with closing(socket.create_connection(("127.0.0.1", proxy.port))):
        assert httpx.get(address, headers={"Authorization": f"Bearer {scim_server.token}"}).status_code == 200
