"""Accounts that are ours although nobody told us so, and accounts that are somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys import systems
from tests.journeys.accounts import assert_one_each, of_application, of_directory
from tests.journeys.conftest import APPLICATION_TITLE, DIRECTORY_TITLE, Site
from tests.journeys.people import Administrator
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

pytestmark = pytest.mark.slow
CREATES = {systems.DIRECTORY: b"uid=lost.directory,", systems.APPLICATION: b"POST /v2/Users"}
PEOPLE = {"lost.directory": DIRECTORY_TITLE, "lost.application": APPLICATION_TITLE}
STRANGERS = {"eve.directory": DIRECTORY_TITLE, "eve.application": APPLICATION_TITLE}


def test_a_create_whose_answer_was_lost_makes_one_account(site: Site, slapd: Slapd, scim_server: ScimServer) -> None:
    for system, proxy in site.proxies.items():
        proxy.trigger, proxy.cuts_left, proxy.mode = CREATES[system], 1, "commit_then_reset"
    for name, title in PEOPLE.items():
        site.personnel.hire([name], title=title)
    site.start_worker()

    for name, system in zip(PEOPLE, (systems.DIRECTORY, systems.APPLICATION), strict=True):
        explained = site.portal.wait(("explain", name, system), _is_linked, 60)
        assert explained["verdict"] == "nothing"
        done = site.portal.json("operations", "--user", name)["operations"]
        assert ("adopt", "done") in {(each["verdict"], each["state"]) for each in done}, "found again, known as ours"
    assert [proxy.cuts_left for proxy in site.proxies.values()] == [0, 0], "both answers were lost"
    assert_one_each(of_directory(slapd), ["lost.directory"])
    assert_one_each(of_application(scim_server), ["lost.application"])


def _is_linked(explained: dict[str, Any]) -> bool:
    return bool(explained["link"]) and explained["link"]["state"] == "linked" and not explained["pending_operation"]


def test_a_strangers_account_of_the_same_name_is_not_touched(site: Site, slapd: Slapd, scim_server: ScimServer) -> None:
    dn = f"uid=eve.directory,{slapd.people_dn}"
    slapd.add(dn, {"objectClass": [b"inetOrgPerson"], "uid": [b"eve.directory"], "cn": [b"Eve"], "sn": [b"Stranger"]})
    with scim_server.client() as client:
        stranger = client.post("/Users", json={"schemas": [USER_SCHEMA], "userName": "eve.application"})
        address = f"/Users/{stranger.raise_for_status().json()['id']}"
        before = slapd.entry(dn), client.get(address).content
        for name, title in STRANGERS.items():
            site.personnel.hire([name], title=title)
        site.start_worker()
        for name, title in STRANGERS.items():
            site.portal.wait(("operations", "--user", name), _is_disputed, 60)
            site.personnel.retitle([name], f"{title}, again")
            site.portal.wait(("operations", "--user", name), _is_disputed_again, 60)
        assert (slapd.entry(dn), client.get(address).content) == before, "entryCSN and meta.lastModified included"

    page = Administrator(site.portal).front_page()
    for system in (systems.DIRECTORY, systems.APPLICATION):
        assert f"1 account on {system} has a name that is taken by somebody else's" in page
    explained = site.portal.json("explain", "eve.directory", systems.DIRECTORY)
    assert explained["link"]["state"] == "disputed"


USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"


def _is_disputed(output: dict[str, Any]) -> bool:
    return [operation["state"] for operation in output["operations"]] == ["disputed"]


def _is_disputed_again(output: dict[str, Any]) -> bool:
    """After the person changed: looked at again, with the same result."""
    return [operation["state"] for operation in output["operations"]] == ["disputed", "superseded"]
