"""The front page: what it counts, where each number leads, and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.engine.progress import by_day, by_hour, by_minute
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import OperationState, SystemState
from identities.actions import lifecycle
from tests.admin.conftest import signed_in
from tests.connectors.engine.rows import a_system
from tests.factories import actor, make_operator, make_people, make_person

pytestmark = pytest.mark.django_db
FRONT_PAGE = "/admin/"
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    return signed_in(make_operator())


def ended(system: ConnectedSystem, number: int, state: str, at: datetime, **columns: Any) -> None:
    """So many operations of people nobody knows that ended like this."""
    Operation.objects.bulk_create(
        Operation(
            system=system,
            object_type="user",
            object_id=f"00000000-0000-0000-0000-{each:012}",
            object_name=f"Nobody {each}",
            state=state,
            due_at=at,
            created_at=at,
            finished_at=None if state == "waiting" else at,
            **columns,
        )
        for each in range(number)
    )


def numbers(page: str, chart: str) -> dict[str, list[tuple[int, str]]]:
    """The numbers of a chart and where they lead, by row."""
    table = page.partition(f'id="{chart}"')[2].partition("</table>")[0]
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL):
        head, *cells = re.findall(r"<t[hd](.*?)</t[hd]>", row, re.DOTALL)
        label = re.sub(r"^[^>]*>|<[^>]*>", "", head).strip()
        links = [re.search(r'href="([^"]*)"', cell) for cell in cells]
        found[label] = [
            (int(re.search(r'data-number="(\d+)"', cell)[1]), unescape(link[1]) if link else "")  # type: ignore[index]
            for cell, link in zip(cells, links, strict=True)
        ]
    return found


def listed(client: Client, address: str) -> int:
    """How many objects the list at this address has."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return int(answer.context["cl"].result_count)


def test_each_number_leads_to_a_list_of_as_many(client: Client) -> None:
    first, second = a_system("intranet"), a_system("wiki")
    now = timezone.now()
    ended(first, 5, OperationState.DONE, now)
    ended(first, 3, OperationState.FAILED, now - timedelta(days=2), error_class="rejected")
    ended(second, 2, OperationState.HELD, now)
    ended(second, 1, OperationState.DISPUTED, now, error_class="already_exists")
    ended(first, 4, OperationState.WAITING, now)
    ended(second, 2, OperationState.WAITING, now, attempt=2, error_class="transient")
    people = make_people(5)
    lifecycle.suspend_user(people[0], actor=actor(), reason="x")
    lifecycle.deprovision_user(people[1], actor=actor())

    page = client.get(FRONT_PAGE).content.decode()

    shown = {chart: numbers(page, chart) for chart in ("people", "hours", "days", "backlog")}
    assert {name: row[0][0] for name, row in shown["people"].items()} == {
        "Active": 3,
        "Suspended": 1,
        "To start": 0,
        "Left": 1,
    }
    assert [sum(row[place][0] for row in shown["hours"].values()) for place in range(3)] == [5, 1, 2]
    assert [sum(row[place][0] for row in shown["days"].values()) for place in range(3)] == [5, 4, 2]
    assert (len(shown["hours"]), len(shown["days"])) == (24, 14)
    assert [number for number, _url in shown["backlog"]["intranet"]] == [4, 0, 0, 3]
    assert [number for number, _url in shown["backlog"]["wiki"]] == [0, 0, 2, 3]
    leading = [cell for chart in shown.values() for row in chart.values() for cell in row if cell[0]]
    assert [listed(client, url) for _number, url in leading] == [number for number, _url in leading]


def test_problems_are_told_by_cause_with_what_to_do(client: Client) -> None:
    system = a_system("intranet")
    ended(system, 3, OperationState.FAILED, timezone.now(), error_class="rejected")
    ended(system, 1, OperationState.FAILED, timezone.now(), error_class="mapping_failed")

    told = {item.text: (item.advice, item.url) for item in client.get(FRONT_PAGE).context["attention"]}

    refused = told["3 operations on intranet failed: the system refuses the values"]
    broken = told["1 operation on intranet failed: a mapping fails"]
    assert "mend the value" in refused[0]
    assert "Correct the expression" in broken[0]
    assert (listed(client, refused[1]), listed(client, broken[1])) == (3, 1)


def test_it_costs_the_same_however_many_there_are(client: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(FRONT_PAGE).status_code == 200
        return len([query for query in queries if "django_session" not in query["sql"]])

    system = a_system("intranet")
    ended(system, 10, OperationState.DONE, timezone.now())
    make_person()
    asked()
    few = asked()
    for each in range(10):
        other = a_system(f"system {each}")
        ended(other, 10, OperationState.DONE, timezone.now())
        ended(other, 9, OperationState.FAILED, timezone.now(), error_class="rejected")
    make_people(20)
    assert asked() == few


def test_an_empty_installation_says_what_to_do_first(client: Client) -> None:
    page = client.get(FRONT_PAGE).content.decode()
    assert "First steps" in page
    assert "Nobody yet. Import a file of people" in page
    system = a_system("intranet", state=SystemState.PAUSED)
    page = client.get(FRONT_PAGE).content.decode()
    assert "Preview a system, then resume it" in page
    assert "Nothing. No decision waits for you." in page
    ConnectedSystem.objects.filter(pk=system.pk).update(state=SystemState.RUNNING, last_success_at=timezone.now())
    page = client.get(FRONT_PAGE).content.decode()
    assert "All is done" in page
    assert "Every system answers" in page
    assert "data-draws" not in page


@pytest.mark.database
@override_settings(TIME_ZONE="Asia/Kolkata")
def test_hours_and_days_are_those_of_the_portals_time_zone() -> None:
    system = a_system("intranet")
    # 9:30 in UTC is 15:00 in Kolkata, so that 9:25 is another hour, and the day began at 18:30 the day before.
    ended(system, 2, OperationState.DONE, NOW + timedelta(minutes=3))
    ended(system, 3, OperationState.FAILED, NOW - timedelta(minutes=5))
    ended(system, 4, OperationState.HELD, datetime(2026, 3, 9, 18, 25, tzinfo=UTC))
    ended(system, 5, OperationState.DONE, NOW - timedelta(days=20))
    at = NOW + timedelta(minutes=10)

    with timezone.override("Asia/Kolkata"):
        hours, days, minutes = by_hour(at), by_day(at), by_minute(system, at)

    assert [(each.done, each.failed, each.held) for each in hours[-2:]] == [(0, 3, 0), (2, 0, 0)]
    assert [(each.done, each.failed, each.held) for each in days[-2:]] == [(0, 0, 4), (2, 3, 0)]
    assert sum(each.done + each.failed + each.held for each in days) == 9
    assert [(each.start, each.done) for each in minutes if each.done] == [(NOW + timedelta(minutes=3), 2)]
