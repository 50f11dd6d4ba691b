"""A worker that is killed at any point leaves exactly one account per person and nothing stuck."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import systems
from tests.journeys.accounts import Accounts, assert_one_each, of_application, of_directory, of_register, wait_for
from tests.journeys.conftest import APPLICATION_TITLE, DIRECTORY_TITLE, Measured, Site
from tests.journeys.people import Personnel, numbered
from tests.servers.fixtures import PortalFactory
from tests.servers.processes import wait_until
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

pytestmark = pytest.mark.slow
POINTS = ("after_claim", "before_call", "during_call", "after_call", "before_finish")
PEOPLE = 4
CALL_SECONDS = 0.2
"""Long enough for a worker to die in the middle of it."""
MOST_ATTEMPTS = 4
"""The dead worker's, its heir's, and room for calls that a busy machine makes too slow for the short deadline."""
SHIPPED_RESUME_SECONDS = 90


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_leaves_one_account_each(
    point: str, site: Site, slapd: Slapd, scim_server: ScimServer, tmp_path: Path, measured: Measured
) -> None:
    """On one system after the other. While its marker is there a worker survives: so one victim's heir is the next."""
    targets: tuple[tuple[str, str, Accounts], ...] = (
        (systems.DIRECTORY, DIRECTORY_TITLE, lambda: of_directory(slapd)),
        (systems.APPLICATION, APPLICATION_TITLE, lambda: of_application(scim_server)),
    )
    marker = tmp_path / "died 0"
    victim = site.start_worker(PORTAL_CRASH_AT=point, PORTAL_CRASH_MARKER=str(marker))
    for number, (system, title, accounts) in enumerate(targets, start=1):
        names = numbered(f"{point}.{system}.".lower(), PEOPLE)
        site.proxies[system].delay = CALL_SECONDS if point == "during_call" else 0.0
        marker.unlink(missing_ok=True)
        site.personnel.hire(names, title=title)
        wait_until(marker.exists, 60, "the worker's death")
        died = time.monotonic()
        assert site.portal.kill(victim) == -9

        marker = tmp_path / f"died {number}"
        marker.touch()
        victim = site.start_worker(PORTAL_CRASH_AT=point, PORTAL_CRASH_MARKER=str(marker))
        wait_for(accounts, names, title, 60)
        measured(f"{system}, killed {point}: seconds until everybody has an account", time.monotonic() - died)
        done = _operations_that_ended(site, system, names)
        assert_one_each(accounts(), names)
        attempts = sorted(operation["attempt"] for operation in done)
        assert 2 <= attempts[-1] <= MOST_ATTEMPTS


def _operations_that_ended(site: Site, system: str, names: list[str]) -> list[dict[str, Any]]:
    """The operations of these people, once none of them is open any more: one each, whoever began it."""
    chosen: list[dict[str, Any]] = []

    def over(output: dict[str, Any]) -> bool:
        chosen[:] = [operation for operation in output["operations"] if operation["name"] in names]
        return {operation["state"] for operation in chosen}.isdisjoint({"waiting", "in_flight"})

    site.portal.wait(("operations", "--system", system, "--limit", "50"), over, 60)
    assert sorted((operation["name"], operation["state"]) for operation in chosen) == [(name, "done") for name in names]
    return chosen


def test_five_deaths_over_one_person_park_it_and_nobody_else(
    site: Site, slapd: Slapd, tmp_path: Path, measured: Measured
) -> None:
    (poison,) = numbered("poison", 1)
    site.personnel.hire([poison], title=DIRECTORY_TITLE)
    started = time.monotonic()
    markers = [tmp_path / f"death-{number}" for number in range(5)]
    for marker in markers:
        site.start_worker(PORTAL_CRASH_AT="after_claim", PORTAL_CRASH_MARKER=str(marker))
    wait_until(lambda: all(marker.exists() for marker in markers), 60, "five deaths")
    site.start_worker()
    site.personnel.hire(["healthy"], title=DIRECTORY_TITLE)
    wait_for(lambda: of_directory(slapd), ["healthy"], DIRECTORY_TITLE, 30)
    measured("seconds from the first claim of a poison until another person has an account", time.monotonic() - started)

    parked = site.portal.wait(("operations", "--user", poison), _is_over, 30)["operations"]
    assert [operation["state"] for operation in parked] == ["failed"]
    assert "5 workers vanished" in parked[0]["message"]
    assert poison not in dict(of_directory(slapd))


def _is_over(output: dict[str, Any]) -> bool:
    """The last lease has run out, and somebody has seen it."""
    return {operation["state"] for operation in output["operations"]}.isdisjoint({"waiting", "in_flight"})


@pytest.mark.slow(seconds=80)
def test_with_the_shipped_settings_work_of_a_killed_worker_goes_on_within_90_seconds(
    portal: PortalFactory, tmp_path: Path, measured: Measured
) -> None:
    marker = tmp_path / "died"
    installation = portal(fast=False, PORTAL_CRASH_AT="after_call", PORTAL_CRASH_MARKER=str(marker))
    described, path = systems.register(installation)
    systems.connect(installation, described)
    systems.queue_pushes(installation)
    installation.start("serve")
    Personnel(installation).hire(["ada"])
    wait_until(marker.exists, 30, "the worker's death")
    died = time.monotonic()

    def is_done(status: dict[str, Any]) -> bool:
        return status["links"].get(systems.REGISTER) == {"linked": 1}

    installation.wait(("status",), is_done, SHIPPED_RESUME_SECONDS)
    measured("shipped settings: seconds until a dead worker's operation is done", time.monotonic() - died)
    assert of_register(path) == [("ada", "new")]
    (operation,) = installation.json("operations")["operations"]
    assert (operation["state"], operation["attempt"]) == ("done", 2)
