"""Converging newcomers on the in-memory system: creating, finding, adopting, disputing."""

import pytest

from connectors.engine.claim import Ending
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import AlreadyExists, Ambiguous, ObjectClass, Throttled, Transient
from connectors.vocabulary import (
    AdoptionPolicy,
    LinkState,
    OperationState,
)
from identities.models import User
from tests.connectors.engine.converging import Place, account, calls, foreign, link_of, run
from tests.connectors.engine.memory_systems import account_names
from tests.connectors.engine.rows import NOW, a_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_newcomer_gets_an_account_and_a_link(place: Place) -> None:
    system, store = place
    person = a_person("ada", title="Countess", version=7)

    outcome = run(system, person)

    assert (outcome.ending, outcome.verdict, outcome.answered) == (Ending.DONE, "create", True)
    assert account(store).attributes == {"userName": ("ada",), "title": ("Countess",), "externalId": (str(person.pk),)}
    assert account(store).enabled
    link = link_of(person)
    assert (link.state, link.remote_id, link.enabled) == (LinkState.LINKED, account(store).remote_id, True)
    assert (link.applied_version, link.correlation_key, link.adopted) == (7, "ada", False)
    assert link.known["title"] == ["Countess"]
    assert link.create_intent_key == ""
    assert outcome.difference["attributes"]["title"] == {"old": [], "new": ["Countess"]}
    assert [step["code"] for step in outcome.steps][-1] == "verdict"


def test_a_second_time_nothing_is_written(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    calls(store)

    assert run(system, person).verdict == "nothing"
    assert calls(store) == ["get"]


def test_only_what_differs_is_written_and_foreign_values_stay(place: Place) -> None:
    system, store = place
    person = a_person("ada", title="Countess")
    run(system, person)
    record = account(store)
    store.change(
        ObjectClass.USER, record, {**record.attributes, "title": ("Lady",), "department": ("R&D",)}, enabled=True
    )

    outcome = run(system, person)

    assert outcome.difference["attributes"] == {"title": {"old": ["Lady"], "new": ["Countess"]}}
    assert account(store).attributes["department"] == ("R&D",)
    assert account(store).attributes["title"] == ("Countess",)


def test_a_create_whose_answer_was_lost_makes_one_account(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Ambiguous("reset"), after_commit=True)

    outcome = run(system, person)

    assert (outcome.ending, outcome.verdict) == (Ending.DONE, "adopt")
    assert link_of(person).remote_id == account(store).remote_id
    assert not link_of(person).adopted


@pytest.mark.parametrize("refused", [True, False])
def test_only_a_refusal_proves_that_a_throttled_create_made_nothing(place: Place, refused: bool) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Throttled("busy", retry_after=0, is_refused=refused))
    assert run(system, person).ending is Ending.THROTTLED

    foreign(store)  # as if the request had got through after all, to a system that keeps no mark
    ConnectedSystem.objects.update(throttled_until=None)
    assert run(system, person).verdict == ("dispute" if refused else "adopt")


@pytest.mark.parametrize("error", [Ambiguous, Transient])
def test_a_create_that_left_nothing_behind_is_repeated_later_and_not_at_once(
    place: Place, error: type[Transient]
) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: error("reset"))

    outcome = run(system, person)

    assert outcome.ending is Ending.RETRY
    assert outcome.retry_in is not None
    assert calls(store).count("create") == 1
    assert link_of(person).create_intent_key == "ada"
    assert run(system, person).verdict == "create"
    assert account_names(store) == ["ada"]


def test_what_a_killed_worker_created_without_our_mark_is_recognised(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Ambiguous("reset"))
    run(system, person)
    foreign(store)  # as if the request had got through after all, to a system that keeps no mark

    assert run(system, person).verdict == "adopt"
    assert account(store).attributes["externalId"] == (str(person.pk),)


def test_an_account_that_is_not_ours_is_left_alone(place: Place) -> None:
    system, store = place
    person = a_person("ada", title="Countess")
    before = foreign(store, title=("Stranger",))

    outcome = run(system, person)

    assert (outcome.ending, outcome.verdict) == (Ending.DISPUTED, "dispute")
    assert outcome.difference["candidates"][0]["remote_id"] == before.remote_id
    assert "match it by hand" in outcome.message
    assert account(store) == before
    assert link_of(person).state == LinkState.DISPUTED
    assert Operation.objects.get().state == OperationState.DISPUTED


def test_an_account_with_the_same_key_is_adopted_where_the_policy_says_so(place: Place) -> None:
    system, store = place
    ConnectedSystem.objects.update(adoption_policy=AdoptionPolicy.EXACT_KEY)
    person = a_person("ada", title="Countess")
    before = foreign(store, "ADA", department=("R&D",))

    assert run(system, person).verdict == "adopt"
    assert link_of(person).adopted
    assert account(store).remote_id == before.remote_id
    assert account(store).attributes["title"] == ("Countess",)
    assert account(store).attributes["department"] == ("R&D",)


def test_an_account_of_somebody_else_is_never_adopted(place: Place) -> None:
    system, store = place
    ConnectedSystem.objects.update(adoption_policy=AdoptionPolicy.EXACT_KEY)
    first, second = a_person("ada"), a_person("grace")
    run(system, first)
    User.objects.filter(pk=first.pk).update(user_name="grace2", user_name_key="grace2")
    record = account(store)
    store.change(ObjectClass.USER, record, {"userName": ("grace",)}, enabled=True)  # renamed there, its mark lost

    outcome = run(system, second)

    assert outcome.verdict == "dispute"
    assert outcome.difference["candidates"][0]["belongs_to"] == "ada"


def test_a_name_that_is_taken_by_what_does_not_show_is_disputed(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: AlreadyExists("taken"))

    outcome = run(system, person)

    assert outcome.verdict == "dispute"
    assert link_of(person).create_intent_key == ""  # that create is known not to have happened


def test_the_account_that_is_in_the_way_is_named_when_the_system_tells(place: Place) -> None:
    system, store = place
    other = foreign(store, "other")
    store.script.fail("create", lambda: AlreadyExists("taken", remote_id=other.remote_id))

    outcome = run(system, a_person("ada"))

    assert [each["name"] for each in outcome.difference["candidates"]] == ["other"]


def test_a_rename_that_meets_another_account_waits_for_a_person_and_stays_linked(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    foreign(store, "grace")
    User.objects.filter(pk=person.pk).update(user_name="grace", user_name_key="grace")

    outcome = run(system, User.objects.get(pk=person.pk))

    assert (outcome.ending, outcome.error_class) == (Ending.DISPUTED, "already_exists")
    assert link_of(person).state == LinkState.LINKED


def test_an_account_that_shows_late_is_neither_doubled_nor_disputed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Ambiguous("reset"), after_commit=True)
    with monkeypatch.context() as patched:
        patched.setattr("connectors.catalog.memory.connector.matches", lambda *_: False)
        assert run(system, person).ending is Ending.RETRY
        store.script.fail("create", lambda: AlreadyExists("taken"))
        late = run(system, person)
        assert (late.ending, late.error_class) == (Ending.RETRY, "ambiguous")

    assert run(system, person).verdict == "adopt"
    assert account_names(store) == ["ada"]


def test_one_that_never_shows_is_disputed_in_the_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Ambiguous("reset"), after_commit=True)
    monkeypatch.setattr("connectors.catalog.memory.connector.matches", lambda *_: False)
    run(system, person)
    Link.objects.update(create_intent_at=NOW)  # long ago
    store.script.fail("create", lambda: AlreadyExists("taken"))

    assert run(system, person).verdict == "dispute"
