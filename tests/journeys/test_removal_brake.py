"""Fifty people removed by mistake: twenty accounts go, thirty wait for a person's word."""

from __future__ import annotations

import pytest

from tests.journeys import systems
from tests.journeys.accounts import of_register
from tests.journeys.people import Administrator, Personnel, numbered
from tests.servers.fixtures import PortalFactory
from tests.servers.processes import wait_until

pytestmark = pytest.mark.slow
STAFF, DISMISSED, LIMIT, RELEASED = 60, 50, 20, 5
HELD = DISMISSED - LIMIT


def test_a_mistake_stops_at_the_limit_and_a_person_decides_about_the_rest(portal: PortalFactory) -> None:
    installation = portal("web", "worker")
    described, path = systems.register(installation)
    systems.connect(installation, described)
    personnel = Personnel(installation)
    names = numbered("person", STAFF)
    personnel.hire(names)
    wait_until(lambda: len(of_register(path)) == STAFF, 60, "everybody's account")

    personnel.dismiss(names[:DISMISSED])
    held = installation.wait(("holds",), lambda output: output["total"] == HELD, 40)["holds"]
    assert len(of_register(path)) == STAFF - LIMIT
    assert {hold["removal"] for hold in held} == {"delete"}
    assert f"{HELD} removals on {systems.REGISTER} are held by its limit" in Administrator(installation).front_page()

    chosen = [str(hold["id"]) for hold in held[:RELEASED]]
    assert installation.json("holds", "release", *chosen) == {"released": RELEASED, "refused": []}
    wait_until(lambda: len(of_register(path)) == STAFF - LIMIT - RELEASED, 30, "the released removals")
    rejected = installation.json("holds", "reject", "--all")
    assert rejected == {"rejected": HELD - RELEASED, "refused": []}

    installation.ask("system", systems.REGISTER, "push", "--yes")
    personnel.retitle(names[DISMISSED:], "changed")
    wait_until(lambda: sum(title == "changed" for _, title in of_register(path)) == STAFF - DISMISSED, 30, "a change")
    idle = installation.wait(("status",), lambda status: not any(status["operations"].values()), 30)
    assert idle["events"] == 0
    kept = {hold["name"] for hold in held[RELEASED:]}
    assert {login for login, _ in of_register(path)} == kept | set(names[DISMISSED:])
