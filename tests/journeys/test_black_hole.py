"""A system that accepts connections and never answers does not delay another one."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.journeys import systems
from tests.journeys.accounts import of_application, of_directory, wait_for
from tests.journeys.conftest import APPLICATION_TITLE, DIRECTORY_TITLE, Measured, Site
from tests.journeys.people import numbered
from tests.servers.processes import wait_until
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

pytestmark = pytest.mark.slow
PEOPLE = 20
USUAL_FACTOR, ACCEPTABLE_SECONDS = 1.5, 5.0


def test_the_other_system_is_written_to_as_fast_as_before(
    site: Site, slapd: Slapd, scim_server: ScimServer, measured: Measured
) -> None:
    site.start_worker()
    site.personnel.hire(["warm.up"], title=APPLICATION_TITLE)
    wait_until(lambda: len(of_application(scim_server)) == 1, 30, "the worker")
    usual = _p95(site, scim_server, "usual")

    site.proxies[systems.DIRECTORY].mode = "blackhole"
    swallowed = numbered("swallowed", PEOPLE)
    site.personnel.hire(swallowed, title=DIRECTORY_TITLE)
    beside = _p95(site, scim_server, "beside")
    measured("p95 seconds usually", usual)
    measured("p95 seconds beside a black hole", beside)
    assert site.proxies[systems.DIRECTORY].connections, "the directory was called meanwhile"
    assert beside <= max(USUAL_FACTOR * usual, ACCEPTABLE_SECONDS)

    site.proxies[systems.DIRECTORY].mode = "pass"
    wait_for(lambda: of_directory(slapd), swallowed, DIRECTORY_TITLE, 30)


def _p95(site: Site, server: ScimServer, prefix: str) -> float:
    """Seconds from a person's creation to the account, for one person after the other sent at a steady pace."""
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}

    def look() -> bool:
        for name, _ in of_application(server):
            seen.setdefault(name, time.monotonic())
        return sent.keys() <= seen.keys()

    for name in numbered(prefix, PEOPLE):
        site.personnel.hire([name], title=APPLICATION_TITLE)
        sent[name] = time.monotonic()
        look()
    wait_until(look, 60, "everybody's account")
    return statistics.quantiles([max(0.0, seen[name] - at) for name, at in sent.items()], n=20)[-1]
