"""Clients and a checker that others wrote, over HTTP against a running portal, on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from scim2_client import SCIMResponseException
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation, SCIMException, SearchRequest
from scim2_tester import Status, check_server

from identities.scim.console.conformance import is_meant
from identities.vocabulary import ClientScope
from tests.identities.scim.service import BASE
from tests.servers.canaille import running_canaille
from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def running(portal: PortalFactory, request: pytest.FixtureRequest) -> Portal:
    """A running portal on an SQLite file, and one on PostgreSQL."""
    if request.param == "sqlite":
        return portal("web")
    return portal("web", DATABASE_URL=request.getfixturevalue("postgresql_database"))


def connect(portal: Portal, name: str, profile: str = "rfc") -> httpx2.Client:
    """The HTTP client of a new API client of this name."""
    scopes = [str(scope) for scope in ClientScope]
    token = portal.json("create_api_client", name, "--profile", profile, "--scopes", *scopes)["token"]
    return httpx2.Client(base_url=f"{portal.base_url}{BASE}", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_what_others_wrote_works_with_a_running_portal(running: Portal, tmp_path: Path) -> None:
    with connect(running, "checker") as http:
        scim2_tester_finds_nothing_but_what_is_meant(http)
    with connect(running, "scim2-client") as http:
        scim2_client_looks_after_people(http)
    with connect(running, "canaille", "okta") as http:
        canaille_looks_after_people(http, tmp_path)


def scim2_tester_finds_nothing_but_what_is_meant(http: httpx2.Client) -> None:
    client = SyncSCIMClient(http)
    client.discover()
    results = check_server(client, raise_exceptions=False)
    failed = [each for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert [f"{each.title}: {each.reason}" for each in failed if not is_meant(each)] == []
    assert sum(each.status == Status.SUCCESS for each in results) > 100


def scim2_client_looks_after_people(http: httpx2.Client) -> None:
    """It creates, changes, finds, groups, disables and deletes; what it cannot read it refuses by itself."""
    client: Any = SyncSCIMClient(http)
    client.discover()
    user_type, group_type = client.get_resource_model("User"), client.get_resource_model("Group")
    anna = client.create(user_type(user_name="anna", name=user_type.Name(given_name="Anna", family_name="Ade")))
    ben = client.create(user_type(user_name="ben", external_id="B-1"))
    anna.title = "Guide"
    assert client.replace(anna).title == "Guide"
    guides = client.create(group_type(display_name="Guides", members=[group_type.Members(value=anna.id)]))
    add = PatchOperation(op="add", path="members", value=[{"value": ben.id}])
    client.modify(group_type, guides.id, PatchOp[group_type](operations=[add]))
    assert {member.value for member in client.query(group_type, guides.id).members} == {anna.id, ben.id}
    disable = PatchOperation(op="replace", path="active", value=False)
    client.modify(user_type, ben.id, PatchOp[user_type](operations=[disable]))
    found = client.query(user_type, query_parameters=SearchRequest(filter="active eq false"))
    assert [user.user_name for user in found.resources] == ["ben"]
    client.delete(group_type, guides.id)
    for person in (anna, ben):
        client.delete(user_type, person.id)
    assert client.query(user_type).total_results == 0
    with pytest.raises((SCIMResponseException, SCIMException)):
        client.query(user_type, anna.id)


def canaille_looks_after_people(http: httpx2.Client, folder: Path) -> None:
    """It creates, changes, groups, locks and deletes people in its own store, and tells the portal."""

    def shown(kind: str, **parameters: str) -> Any:
        return http.get(f"/{kind}", params=parameters).raise_for_status().json()["Resources"]

    token = http.headers["Authorization"].removeprefix("Bearer ")
    with running_canaille(str(http.base_url).rstrip("/"), token, folder) as canaille:
        names = {"given_name": "Carla", "family_name": "Cole", "formatted_name": "Carla Cole"}
        canaille.do("save_user", "carla", **names, emails=["carla@example.com"], password="correct horse")
        canaille.do("save_user", "dan", family_name="Dent", emails=["dan@example.com"])
        carla, dan = shown("Users", sortBy="userName")
        assert carla["name"] == {"givenName": "Carla", "familyName": "Cole", "formatted": "Carla Cole"}
        assert "password" not in json.dumps(carla)
        canaille.do("save_user", "carla", title="Guide", locked=True)
        (changed,) = shown("Users", filter='userName eq "carla"')
        assert (changed["id"], changed["title"], changed["active"]) == (carla["id"], "Guide", False)
        canaille.do("save_user", "carla", locked=False)
        assert shown("Users", filter='userName eq "carla" and active eq true')
        canaille.do("save_group", "Rangers", members=["carla", "dan"])
        (rangers,) = shown("Groups")
        assert {member["value"] for member in rangers["members"]} == {carla["id"], dan["id"]}
        canaille.do("save_group", "Rangers", members=["dan"])
        (rangers,) = shown("Groups")
        assert [member["value"] for member in rangers["members"]] == [dan["id"]]
        canaille.do("delete_group", "Rangers")
        canaille.do("delete_user", "carla")
        assert [user["userName"] for user in shown("Users")] == ["dan"]
        assert shown("Groups") == []
