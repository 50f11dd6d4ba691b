"""A dynamic group of thousands follows its rule and every person, whatever happens to the worker that computes it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import pytest

from tests.journeys.conftest import Measured, Site
from tests.servers.processes import wait_until

pytestmark = pytest.mark.slow
CROWD = 2500
"""Three transactions of the worker."""
PROMISED_SECONDS = 5.0
SHIPPED = {"POLL_SECONDS": "1"}
MAKE = f"""
from identities.actions import groups
from tests.factories import actor, make_people
make_people({CROWD}, title="Crowd")
groups.create_group(actor=actor(), display_name="Crowd", filter_text='title eq "Crowd"')
"""
TOLD = """
import json
from identities.models import ChangeEvent, Group
group = Group.objects.get(display_name="Crowd")
facts = ChangeEvent.objects.filter(kind="membership.changed", object_id=group.pk).values_list("facts", flat=True)
print(json.dumps([each for some in facts for each in some.get("added_users", ())]))
"""
DELETE = """
from identities.actions import groups
from identities.models import Group
from tests.factories import actor
groups.delete_group(Group.objects.get(display_name="Crowd"), actor=actor())
"""
MEMBERS = """
SELECT count(*) FROM identities_membership JOIN identities_group ON identities_group.id = group_id
JOIN identities_user ON identities_user.id = user_id
WHERE identities_group.display_name = 'Crowd' AND user_name LIKE ?"""


class Crowd:
    """Who is in the group, by the portal's own database."""

    def __init__(self, site: Site) -> None:
        """There need be no group yet."""
        self._site = site
        self._path = site.portal.folder / "data" / "portal.sqlite3"

    def count(self, person: str = "%") -> int:
        """How many people are in it, or whether this one is."""
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            return int(connection.execute(MEMBERS, (person,)).fetchone()[0])

    def ask(self, script: str) -> str:
        """Run a script in the portal."""
        return self._site.portal.ask("shell", "--no-imports", "--command", script)

    def seconds_until(self, number: int, person: str) -> float:
        """How long it takes until the person is in the crowd, or no longer."""
        start = time.monotonic()
        wait_until(lambda: self.count(person) == number, 4 * PROMISED_SECONDS, f"{person} in the crowd")
        return time.monotonic() - start


def test_a_killed_worker_leaves_a_group_half_computed_and_the_next_ends_it(site: Site, measured: Measured) -> None:
    crowd = Crowd(site)
    crowd.ask(MAKE)
    victim = site.start_worker(**SHIPPED)
    wait_until(lambda: crowd.count() > 0, 60, "the first members")
    assert site.portal.kill(victim) == -9
    assert 0 < crowd.count() < CROWD

    site.start_worker(**SHIPPED)
    wait_until(lambda: crowd.count() == CROWD, 60, "everybody")
    told = json.loads(crowd.ask(TOLD))
    assert len(told) == len(set(told)) == CROWD

    site.personnel.hire(["newcomer"], title="Crowd")
    seconds = [crowd.seconds_until(1, "newcomer")]
    site.personnel.retitle(["newcomer"], "Hermit")
    seconds.append(crowd.seconds_until(0, "newcomer"))
    measured("seconds until a changed person has entered or left a dynamic group, at most", max(seconds))
    assert max(seconds) <= PROMISED_SECONDS
    crowd.ask(DELETE)
