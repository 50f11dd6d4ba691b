"""Beside the contract: what a real, strict server shows about the connector."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.catalog.scim import ScimConnector
from connectors.spi import AlreadyExists, Ambiguous, Delta, Equals, FindingLevel, ObjectClass, Transient
from tests.connectors.catalog.scim.conftest import connector
from tests.servers.proxy import FlakyProxy
from tests.servers.scim import ScimServer

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK, HOME = 'emails[type eq "work"].value', 'emails[type eq "home"].value'
PRIMARY = "emails[primary eq true].value"
DIALECTS: list[dict[str, Any]] = [
    {},
    {"update_with": "put"},
    {"patch_style": "no_path"},
    {"capitalised_operations": True},
]


@pytest.fixture
def real(scim_server: ScimServer) -> ScimConnector:
    """A connector for the real server."""
    return connector(scim_server.url, scim_server.token, seconds=30)


@pytest.mark.parametrize("switches", DIALECTS, ids=str)
def test_selected_values_in_every_dialect(scim_server: ScimServer, switches: dict[str, Any]) -> None:
    real = connector(scim_server.url, scim_server.token, seconds=30, **switches)
    item = real.create(
        USER, {"userName": ("ada",), WORK: ("w@example.com",), PRIMARY: ("w@example.com",)}, enabled=True
    )
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({HOME: ("h@example.com",)}, {WORK: ("w@example.com",), HOME: ("h@example.com",)}),
        ({WORK: ("w2@example.com",)}, {WORK: ("w2@example.com",), PRIMARY: ("w2@example.com",)}),
        ({HOME: ()}, {HOME: (), WORK: ("w2@example.com",)}),
        ({HOME: ()}, {HOME: ()}),
        ({WORK: (), PRIMARY: ()}, {"emails": ()}),
        ({'addresses[type eq "work"].locality': ("Brno",)}, {'addresses[type eq "work"].locality': ("Brno",)}),
        ({'addresses[type eq "work"].country': ("CZ",)}, {'addresses[type eq "work"].locality': ("Brno",)}),
        ({f"{ENTERPRISE}:department": ("R&D",)}, {f"{ENTERPRISE}:department": ("R&D",)}),
        ({f"{ENTERPRISE}:department": ()}, {f"{ENTERPRISE}:department": ()}),
        ({"name.givenName": ("Ada",), "name.familyName": ("L",)}, {"name.givenName": ("Ada",)}),
        ({"name.givenName": ()}, {"name.givenName": (), "name.familyName": ("L",)}),
    ]
    for change, expected in steps:
        changed = real.update(USER, item.remote_id, Delta(replace=change))
        assert {name: changed.attributes.get(name, ()) for name in expected} == expected, change


def test_the_lists_of_emails_keep_their_types(scim_server: ScimServer, real: ScimConnector) -> None:
    item = real.create(USER, {"userName": ("ada",), WORK: ("w@example.com",)})
    real.update(USER, item.remote_id, Delta(add={"emails": ("x@example.com",)}))
    [document] = scim_server.resources("Users")
    assert document["emails"] == [{"value": "w@example.com", "type": "work"}, {"value": "x@example.com"}]


def test_discovery_and_online_test(real: ScimConnector) -> None:
    discovery = real.discover()
    assert discovery.proposals["users_path"] == "/Users"
    assert discovery.proposals["update_with"] == "patch"
    assert discovery.proposals["disable_by"] == "active"
    assert f"{ENTERPRISE}:manager" in discovery.suggested_mappings[USER]
    assert {each.name: each.level for each in real.test()} == dict.fromkeys(
        ["address", "authentication", "users", "announcement", "schemas", "filter", "groups", "writing"],
        FindingLevel.OK,
    )


def test_a_test_changes_nothing(scim_server: ScimServer, real: ScimConnector) -> None:
    real.create(USER, {"userName": ("ada",)})
    before = scim_server.resources("Users")
    list(real.test())
    assert scim_server.resources("Users") == before


def test_a_manager_is_a_reference(real: ScimConnector) -> None:
    boss, item = real.create(USER, {"userName": ("boss",)}), real.create(USER, {"userName": ("ada",)})
    changed = real.update(USER, item.remote_id, Delta(replace={f"{ENTERPRISE}:manager": (boss.reference,)}))
    assert changed.attributes[f"{ENTERPRISE}:manager"] == (boss.reference,)


def test_two_groups_never_share_a_name(scim_server: ScimServer, real: ScimConnector) -> None:
    first, second = real.create(GROUP, {"displayName": ("One",)}), real.create(GROUP, {"displayName": ("Two",)})
    for call in (
        lambda: real.create(GROUP, {"displayName": ("one",)}),
        lambda: real.update(GROUP, second.remote_id, Delta(replace={"displayName": ("ONE",)})),
    ):
        with pytest.raises(AlreadyExists) as refusal:
            call()
        assert refusal.value.remote_id == first.remote_id
    assert real.update(GROUP, first.remote_id, Delta(replace={"displayName": ("ONE",)})).name == "ONE"
    assert len(scim_server.resources("Groups")) == 2


class TestLostAnswers:
    """A proxy between the connector and the real server loses answers."""

    def test_a_create_that_was_committed_is_found_again(
        self, scim_server: ScimServer, flaky_proxy: Callable[[str, int], FlakyProxy]
    ) -> None:
        proxy = flaky_proxy("127.0.0.1", scim_server.port)
        through = connector(_through(proxy, scim_server), scim_server.token)
        proxy.trigger, proxy.mode = b"POST", "commit_then_reset"
        with pytest.raises(Ambiguous):
            through.create(USER, {"userName": ("ada",), "externalId": ("our-mark",)})
        proxy.mode = "pass"
        [found] = through.search(USER, Equals("externalId", "our-mark")).items
        assert found.name == "ada"
        with pytest.raises(AlreadyExists):
            through.create(USER, {"userName": ("ada",), "externalId": ("our-mark",)})
        assert len(scim_server.resources("Users")) == 1

    def test_a_server_that_is_down(
        self, scim_server: ScimServer, flaky_proxy: Callable[[str, int], FlakyProxy]
    ) -> None:
        proxy = flaky_proxy("127.0.0.1", scim_server.port)
        through = connector(_through(proxy, scim_server), scim_server.token)
        item = through.create(USER, {"userName": ("ada",)})
        proxy.mode = "down"
        for call in (
            lambda: through.get(USER, item.remote_id),
            lambda: through.create(USER, {"userName": ("b",)}),
            lambda: through.update(USER, item.remote_id, Delta(enabled=False)),
            lambda: through.delete(USER, item.remote_id),
        ):
            with pytest.raises((Transient, Ambiguous)):
                call()
        proxy.mode = "pass"
        assert through.get(USER, item.remote_id).name == "ada"
        assert len(scim_server.resources("Users")) == 1

    def test_a_black_hole_ends_with_the_deadline(
        self, scim_server: ScimServer, flaky_proxy: Callable[[str, int], FlakyProxy]
    ) -> None:
        proxy = flaky_proxy("127.0.0.1", scim_server.port)
        proxy.mode = "blackhole"
        with pytest.raises(Ambiguous):
            connector(_through(proxy, scim_server), scim_server.token, seconds=0.5).create(USER, {"userName": ("ada",)})


def _through(proxy: FlakyProxy, server: ScimServer) -> str:
    return f"http://127.0.0.1:{proxy.port}{urlsplit(server.url).path}"
