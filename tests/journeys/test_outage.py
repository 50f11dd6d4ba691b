"""A directory that is away while 200 people change: nothing is lost, the portal says so, and catches up by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.journeys import systems
from tests.journeys.accounts import assert_one_each, of_directory, wait_for
from tests.journeys.conftest import Measured
from tests.journeys.people import Administrator, Personnel, numbered
from tests.servers.fixtures import PortalFactory
from tests.servers.slapd import Slapd

pytestmark = pytest.mark.slow
PEOPLE = 200
CATCH_UP_SECONDS = 30
TROUBLE = f"{systems.DIRECTORY} is not written to: "


def test_200_changes_during_an_outage_arrive_within_30_seconds_of_its_end(
    portal: PortalFactory, slapd: Slapd, measured: Measured
) -> None:
    installation = portal("web", "worker", fast=False, DIRECTORY_PASSWORD=slapd.bind_password)
    systems.connect(installation, systems.directory(slapd))
    personnel, administrator = Personnel(installation), Administrator(installation)
    names = numbered("person", PEOPLE)
    personnel.hire(names)
    wait_for(lambda: of_directory(slapd), names, "new", 60)

    slapd.stop()
    personnel.retitle(names, "changed")
    installation.wait(("status",), _breaker_is_open, 30)
    page = administrator.front_page()
    assert TROUBLE in page
    assert "ago" in page.split(TROUBLE)[1][:300], "since when"
    explained = installation.json("explain", names[0], systems.DIRECTORY)
    assert "keeps failing" in explained["gates"][0]
    assert explained["pending_operation"]["state"] == "waiting"
    operations = installation.wait(("status",), lambda status: status["events"] == 0, 20)["operations"]
    assert operations["waiting"] + operations["retrying"] == PEOPLE, "every change waits, none is lost or doubled"

    slapd.start()
    back = time.monotonic()
    wait_for(lambda: of_directory(slapd), names, "changed", 60)
    seconds = time.monotonic() - back
    measured(f"seconds from the directory's return until {PEOPLE} changes are there", seconds)
    assert seconds <= CATCH_UP_SECONDS
    assert_one_each(of_directory(slapd), names)
    status = installation.wait(("status",), lambda status: not any(status["operations"].values()), 20)
    assert [system["breaker"] for system in status["systems"]] == ["closed"]
    assert TROUBLE not in administrator.front_page()


def _breaker_is_open(status: dict[str, Any]) -> bool:
    (system,) = status["systems"]
    return system["breaker"] in ("open", "half_open") and bool(system["reason"])
