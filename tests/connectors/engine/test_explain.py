"""Why somebody has an account or not, what would be done, and how much of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.catalog.memory import MemoryStore
from connectors.catalog.memory.schema import SCHEMA
from connectors.engine.explain import explain, explain_everywhere
from connectors.engine.preview import count_push, preview
from connectors.engine.schema_store import stored
from connectors.engine.session import close_all
from connectors.engine.situation import Verdict
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import BreakerState, OperationState, RemovalPolicy, SystemState
from identities.models import User
from identities.vocabulary import ObjectType
from tests.connectors.engine.memory_systems import a_memory_system
from tests.connectors.engine.rows import a_group, a_link, a_person, people, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def place() -> Any:
    yield a_memory_system()
    close_all()


Place = tuple[ConnectedSystem, MemoryStore]


def test_a_newcomer_is_explained_without_asking_the_system(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    put(system, ada)

    found = explain(ObjectType.USER, ada.pk, system)

    assert found.decision.verdict is Verdict.CREATE
    assert [step.code for step in found.decision.steps][:3] == ["system", "object", "scope"]
    assert "The schema was never read." in [step.text for step in found.decision.steps]
    assert found.pending is not None
    assert found.next_attempt == found.pending.due_at
    assert found.last_operation is None
    assert found.link is None
    assert not store.journal


def test_with_the_schema_known_it_is_still_unknown_whether_an_account_is_there(place: Place) -> None:
    system, _ = place
    system.remote_schema = stored(SCHEMA)
    found = explain(ObjectType.USER, a_person("ada").pk, system)
    assert found.decision.is_assumed
    assert "unknown until read" in [step.text for step in found.decision.steps]


def test_shut_gates_are_named_and_there_is_no_next_attempt(place: Place) -> None:
    system, _ = place
    system.state, system.breaker, system.breaker_reason = SystemState.PAUSED, BreakerState.OPEN, "wrong password"
    system.throttled_until = timezone.now() + timedelta(minutes=5)
    ada = a_person("ada")
    put(system, ada)

    found = explain(ObjectType.USER, ada.pk, system)

    assert found.decision.verdict is Verdict.WAIT
    assert found.decision.intended is Verdict.CREATE
    assert len(found.gates) == 3
    assert "wrong password" in found.gates[1]
    assert found.next_attempt is None


def test_the_last_operation_and_a_hold_are_shown(place: Place) -> None:
    system, _ = place
    ada = a_person("ada")
    a_link(system, ada)
    for state in (OperationState.DONE, OperationState.SUPERSEDED, OperationState.HELD):
        put(system, ada)
        Operation.objects.filter(state=OperationState.WAITING).update(state=state)

    found = explain(ObjectType.USER, ada.pk, system)

    assert found.hold is not None
    assert found.last_operation == found.hold
    assert found.pending is None


def test_a_scope_that_cannot_be_read_is_said_and_does_not_break_the_page(place: Place) -> None:
    system, _ = place
    system.scope_filter = "shoeSize gt 44"
    found = explain(ObjectType.USER, a_person("ada").pk, system)
    assert found.decision.verdict is Verdict.WAIT
    assert found.decision.problem is not None
    assert "scope filter" in found.decision.problem.message


def test_twenty_systems_cost_as_many_queries_as_one() -> None:
    ada = a_person("ada", manager=a_person("boss"), active=False)
    a_memory_system("system00")
    one = _cost(ada)
    for number in range(1, 20):
        system, _ = a_memory_system(f"system{number:02}")
        a_link(system, ada)
        put(system, ada)
    assert len(explain_everywhere(ObjectType.USER, ada.pk)) == 20
    assert _cost(ada) == one <= 20


def _cost(person: User) -> int:
    with CaptureQueriesContext(connection) as queries:
        explain_everywhere(ObjectType.USER, person.pk)
    return len(queries)


def test_members_of_a_group_are_compared_on_one_system_and_not_on_all(place: Place) -> None:
    system, _ = place
    ada = a_person("ada")
    a_link(system, ada, reference="ref-ada")
    team = a_group("team", ada)
    a_link(system, team, known={"displayName": ["team"], "externalId": [str(team.pk)]})

    assert len(explain(ObjectType.GROUP, team.pk, system).decision.members.add) == 1
    (everywhere,) = explain_everywhere(ObjectType.GROUP, team.pk)
    assert [step.outcome for step in everywhere.decision.steps if step.code == "members"] == ["unknown"]


def test_a_preview_reads_and_writes_nothing(place: Place) -> None:
    system, store = place
    system.state = SystemState.PAUSED
    ada = a_person("ada")

    decision = preview(system, ObjectType.USER, ada.pk)

    assert decision.verdict is Verdict.CREATE
    assert not decision.is_assumed
    assert {call.operation for call in store.journal} == {"open", "search"}
    assert not Link.objects.exists()


def test_a_preview_without_reads_says_what_it_rests_on(place: Place) -> None:
    system, store = place
    decision = preview(system, ObjectType.USER, a_person("ada").pk, read=False)
    assert decision.is_assumed
    assert not store.journal


def test_a_push_is_counted_by_verdict_with_samples_and_the_brake(place: Place) -> None:
    system, store = place
    system.state, system.removal_limit, system.when_out_of_scope = SystemState.PAUSED, 2, RemovalPolicy.DELETE
    system.scope_filter = 'userName sw "person"'
    people(30)
    for number in range(5):
        a_link(system, a_person(f"leaver{number}"))
    purged = a_person("purged")
    a_link(system, purged)
    User.objects.filter(pk=purged.pk).delete()
    a_person("stranger")
    a_group("team")

    found = count_push(system)

    assert found.counts == {Verdict.CREATE: 31, Verdict.DELETE: 2, Verdict.HOLD: 4}
    assert found.total == 37
    picked = found.picked(20)
    assert len(picked) == 20
    assert {sample.decision.verdict for sample in picked[:3]} == {Verdict.CREATE, Verdict.DELETE, Verdict.HOLD}
    assert not store.journal
    assert not Operation.objects.exists()


def test_counting_a_push_goes_in_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, _ = place
    monkeypatch.setattr("connectors.engine.preview.CHUNK", 4)
    people(10)
    assert count_push(system).counts == {Verdict.CREATE: 10}
