"""The overview of a connected system: health, counts, causes, throughput, and what comes next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.models import ConnectedSystem, Run
from connectors.vocabulary import BreakerState, LinkState, OperationState, RunKind, RunState, SystemState
from tests.admin.conftest import signed_in
from tests.admin.test_explain_page import text_of
from tests.connectors.engine.rows import a_link, a_person, a_system, people
from tests.factories import make_operator
from tests.portal.test_front_page import ended, listed, numbers

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in(make_operator())


@pytest.fixture
def system() -> ConnectedSystem:
    return a_system("intranet", last_success_at=timezone.now())


def address(system: ConnectedSystem) -> str:
    return f"/admin/connectors/connectedsystem/{system.pk}/change/"


def test_what_it_counts_leads_to_lists_of_as_many(client: Client, system: ConnectedSystem) -> None:
    now = timezone.now()
    for person in people(3):
        a_link(system, person)
    a_link(system, a_person("x"), LinkState.DISPUTED)
    ended(system, 5, OperationState.DONE, now)
    ended(system, 9, OperationState.DONE, now - timedelta(hours=3))
    ended(system, 4, OperationState.FAILED, now, error_class="rejected", message="The title is too long.")
    ended(system, 2, OperationState.HELD, now - timedelta(hours=2))
    ended(system, 6, OperationState.WAITING, now, attempt=1, error_class="transient", message="No answer.")

    page = client.get(address(system))

    overview = page.context["overview"]
    counted = dict(_numbers(overview))
    words = text_of(page)
    assert counted["linked"][0] == 3
    assert [counted[name][0] for name in ("waiting", "of these tried again", "failed", "held")] == [6, 6, 4, 2]
    assert [listed(client, url) for number, url in counted.values() if number] == [
        number for number, _url in counted.values() if number
    ]
    assert "failed the system refuses the values 4 Nobody 3 : The title is too long. Read the message" in words
    assert "waiting the system did not answer 6 Nobody 5 : No answer. Nothing: it is tried again" in words
    assert "held the removal limit 2" in words
    minutes = numbers(page.content.decode(), "throughput")
    assert sum(row[0][0] for row in minutes.values()) == 5
    assert "5 done within the hour" in words
    assert "Next operation is due" in words


def _numbers(overview: str) -> list[tuple[str, tuple[int, str]]]:
    """The counted numbers with their addresses, by what they count; disputed links before disputed operations."""
    found = []
    for part in overview.split("<dt>")[1:]:
        label, _sep, rest = part.partition("</dt>")
        if 'href="' in rest and "?" in rest.partition("</dd>")[0]:
            url = rest.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
            number = rest.partition('">')[2].partition("</a>")[0].replace(",", "")
            found.append((label.strip(), (int(number), url)))
    return found


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "healthy It runs and answers."),
        ({"state": SystemState.PAUSED}, "It is paused: nothing is written to it, and changes wait. Preview it"),
        ({"last_success_at": None}, "It runs and was not called yet. Test it"),
        ({"consecutive_failures": 3}, "The last 3 calls failed. Nothing is to be done yet"),
        (
            {"breaker": BreakerState.OPEN, "breaker_reason": "Wrong password.", "breaker_error": "misconfigured"},
            "It keeps failing and is not called: Wrong password. Mend the system",
        ),
        (
            {"breaker": BreakerState.OPEN, "breaker_reason": "No answer.", "breaker_probe_at": timezone.now()},
            "Changes wait and go out by themselves once the system answers.",
        ),
    ],
)
def test_its_health_is_said_with_what_to_do(
    client: Client, system: ConnectedSystem, columns: dict[str, object], said: str
) -> None:
    ConnectedSystem.objects.update(**columns)
    words = text_of(client.get(address(system)))
    assert said in words
    assert ("Next probe" in words) == ("breaker_probe_at" in columns)


def test_a_pause_that_was_asked_for_and_a_run_are_shown(client: Client, system: ConnectedSystem) -> None:
    now = timezone.now()
    ConnectedSystem.objects.update(throttled_until=now + timedelta(minutes=5))
    Run.objects.create(
        kind=RunKind.PUSH,
        state=RunState.APPLYING,
        system=system,
        actor_name="x",
        created_at=now,
        total=7000,
        processed=12,
    )
    words = text_of(client.get(address(system)))
    assert "The pause it asked for ends" in words
    assert "push: 12 / 7,000" in words


def test_it_costs_the_same_however_many_there_are(client: Client, system: ConnectedSystem) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address(system))
        return len([query for query in queries if "django_session" not in query["sql"]])

    def happened(number: int, error_class: str) -> None:
        ended(system, number, OperationState.FAILED, timezone.now(), error_class=error_class)
        ended(system, number, OperationState.DONE, timezone.now())

    happened(10, "rejected")
    asked()
    few = asked()
    for each in ("defect", "mapping_failed", "bad_value"):
        happened(200, each)
    assert asked() == few
