"""Redis is killed and comes back empty while changes arrive: nothing is lost."""

from __future__ import annotations

import time

import pytest

from tests.journeys import systems
from tests.journeys.accounts import assert_one_each, of_register, wait_for
from tests.journeys.conftest import Measured
from tests.journeys.people import Personnel, numbered
from tests.servers.fixtures import PortalFactory
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow
PEOPLE = 30
DRAIN_SECONDS = 30


def test_changes_before_during_and_after_the_loss_arrive(
    portal: PortalFactory, postgresql_database: str, redis_server: RedisServer, measured: Measured
) -> None:
    installation = portal("web", "worker", DATABASE_URL=postgresql_database, REDIS_URL=redis_server.url)
    described, path = systems.register(installation)
    systems.connect(installation, described)
    personnel = Personnel(installation)
    before, during, after = (numbered(word, PEOPLE) for word in ("before", "during", "after"))

    personnel.hire(before)
    redis_server.kill()
    lost = time.monotonic()
    personnel.hire(during)
    accepted = (time.monotonic() - lost) / PEOPLE
    wait_for(lambda: of_register(path), [*before, *during], "new", 30)
    redis_server.start()
    back = time.monotonic()
    personnel.hire(after)
    everybody = [*before, *during, *after]
    wait_for(lambda: of_register(path), everybody, "new", DRAIN_SECONDS)

    measured("seconds a request takes while Redis is away", accepted)
    measured("seconds from its return until everybody has an account", time.monotonic() - back)
    assert_one_each(of_register(path), everybody)
    installation.wait(("status",), lambda status: not any(status["operations"].values()), 20)
