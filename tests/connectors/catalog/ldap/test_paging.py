"""Listings: limits of the server, listings beside each other, and what ends them."""

import pytest

from connectors.catalog.ldap import LdapConnector
from connectors.spi import Delta, Equals, Misconfigured, ObjectClass, StartsWith, Transient
from tests.connectors.catalog.ldap.conftest import Connect, Rules
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

USER = ObjectClass.USER


def _people(connector: LdapConnector, count: int) -> set[str]:
    return {connector.create(USER, user(f"person{n:02}")).remote_id for n in range(count)}


def _rest(connector: LdapConnector, cursor: str | None, limit: int) -> list[str]:
    found: list[str] = []
    while cursor:
        page = connector.search(USER, cursor=cursor, limit=limit)
        found += [item.remote_id for item in page.items]
        cursor = page.cursor
    return found


def test_small_searches_do_not_disturb_a_listing(connect: Connect) -> None:
    connector = connect()
    wanted = _people(connector, 9)
    page = connector.search(USER, limit=4)
    found = [item.remote_id for item in page.items]
    assert len(connector.search(USER, Equals("uid", "person03")).items) == 1
    connector.get(USER, found[0])
    found += _rest(connector, page.cursor, 2)
    assert len(found) == len(wanted)
    assert set(found) == wanted


def test_a_second_listing_ends_the_first(connect: Connect) -> None:
    connector = connect()
    _people(connector, 6)
    first = connector.search(USER, limit=2)
    second = connector.search(USER, StartsWith("uid", "person"), limit=2)
    with pytest.raises(Transient, match="anew"):
        connector.search(USER, cursor=first.cursor, limit=2)
    assert len(_rest(connector, second.cursor, 2)) == 4


def test_a_new_connection_ends_a_listing(slapd: Slapd, connect: Connect) -> None:
    connector = connect()
    _people(connector, 4)
    page = connector.search(USER, limit=2)
    connector.close()
    connector.open()
    with pytest.raises(Transient, match="anew"):
        connector.search(USER, cursor=page.cursor, limit=2)
    page = connector.search(USER, limit=2)
    slapd.stop()
    slapd.start()
    with pytest.raises(Transient, match="anew"):
        connector.search(USER, cursor=page.cursor, limit=2)


@pytest.mark.parametrize("cursor", ["nonsense", "0.1", "x.y.z", "0.1-1.***", "é.1.aa"])
def test_what_is_no_cursor(connect: Connect, cursor: str) -> None:
    with pytest.raises(Misconfigured):
        connect().search(USER, cursor=cursor)


def test_two_containers_are_one_listing(connect: Connect) -> None:
    connector = connect(disable_by="container", disabled_container="ou=disabled")
    wanted = _people(connector, 6)
    for remote_id in sorted(wanted)[:3]:
        connector.update(USER, remote_id, Delta(enabled=False))
    for limit in (1, 2, 3, 4, 6, 10):
        page = connector.search(USER, limit=limit)
        found = [item.remote_id for item in page.items] + _rest(connector, page.cursor, limit)
        assert len(found) == len(wanted)
        assert set(found) == wanted


def test_nested_containers_give_nobody_twice(slapd: Slapd, connect: Connect) -> None:
    slapd.add(f"ou=former,{slapd.people_dn}", {"objectClass": [b"organizationalUnit"], "ou": [b"former"]})
    connector = connect(disable_by="container", disabled_container="ou=former,ou=people")
    wanted = _people(connector, 2)
    connector.update(USER, min(wanted), Delta(enabled=False))
    assert sorted(item.remote_id for item in connector.search(USER).items) == sorted(wanted)


def test_a_soft_size_limit_is_paged_around(connect: Connect, rules: Rules, service_account: dict[str, str]) -> None:
    wanted = _people(connect(), 10)
    rules.set("olcLimits", "{0}users size.soft=4 size.hard=unlimited")
    reader = connect(**service_account)
    page = reader.search(USER, limit=100)
    assert {item.remote_id for item in page.items} | set(_rest(reader, page.cursor, 100)) == wanted


def test_a_hard_size_limit_is_told(connect: Connect, rules: Rules, service_account: dict[str, str]) -> None:
    _people(connect(), 10)
    rules.set("olcLimits", "{0}users size.soft=4 size.hard=4")
    reader = connect(**service_account)
    with pytest.raises(Misconfigured, match="size limit"):
        _rest(reader, reader.search(USER, limit=3).cursor, 3)
