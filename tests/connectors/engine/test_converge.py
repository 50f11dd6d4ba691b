"""Converging one person on the in-memory system: every way it can go, on the real database."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.catalog.memory import MemoryStore
from connectors.engine import converge as converging
from connectors.engine.claim import Ending, Outcome, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.session import close_all
from connectors.models import ConnectedSystem, Link, Operation, SystemMapping
from connectors.spi import AlreadyExists, Ambiguous, Gone, Misconfigured, ObjectClass, Rejected, Throttled, Transient
from connectors.vocabulary import (
    AdoptionPolicy,
    BreakerState,
    GonePolicy,
    Lane,
    LinkState,
    OperationState,
    Settlement,
    SystemState,
)
from identities.models import User
from identities.vocabulary import MappingKind
from tests.connectors.engine.memory_systems import a_memory_system, account_names
from tests.connectors.engine.rows import NOW, a_person, claim_one, let_lease_run_out, make_due, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(converging, "WAITS_SECONDS", (0.01, 0.02))
    yield
    close_all()


@pytest.fixture
def place() -> tuple[ConnectedSystem, MemoryStore]:
    """A system that keeps names and titles, and its store."""
    system, store = a_memory_system()
    SystemMapping.objects.create(system=system, attribute="title", source="title", clear_when_null=True)
    return system, store


Place = tuple[ConnectedSystem, MemoryStore]


def run(system: ConnectedSystem, person: User, **more: Any) -> Outcome:
    """Converge once and write down how it ended."""
    put(system, person, **more)
    make_due()
    claim = claim_one()
    outcome = converge(claim)
    assert finish(claim, outcome)
    return outcome


def link_of(person: User) -> Link:
    return Link.objects.get(object_id=person.pk)


def account(store: MemoryStore) -> Any:
    """The only account there is."""
    (record,) = store.records(ObjectClass.USER).values()
    return record


def calls(store: MemoryStore) -> list[str]:
    """What was asked of the system since it was last asked, but for opening."""
    made = [call.operation for call in store.journal if call.operation != "open"]
    store.journal.clear()
    return made


def foreign(store: MemoryStore, name: str = "ada", **attributes: tuple[str, ...]) -> Any:
    """An account somebody else made."""
    return store.insert(ObjectClass.USER, {"userName": (name,), **attributes}, enabled=True)


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


@pytest.mark.parametrize(
    ("error", "ending", "error_class"),
    [
        (lambda: Transient("busy"), Ending.RETRY, "transient"),
        (lambda: Ambiguous("reset"), Ending.RETRY, "ambiguous"),
        (lambda: Throttled("slow down", retry_after=7), Ending.THROTTLED, "throttled"),
        (lambda: Misconfigured("wrong password"), Ending.MISCONFIGURED, "misconfigured"),
        (lambda: Rejected("no such department"), Ending.FAILED, "rejected"),
        (lambda: ValueError("boom"), Ending.DEFECT, "defect"),
    ],
)
def test_the_class_of_an_error_decides(place: Place, error: Any, ending: Ending, error_class: str) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(title="Countess", rendering_version=0)
    store.script.fail("update", error)

    outcome = run(system, person)

    assert (outcome.ending, outcome.error_class) == (ending, error_class)
    assert outcome.verdict == "update"
    assert outcome.retry_in == (7 if ending is Ending.THROTTLED else outcome.retry_in)
    assert ("ValueError" in outcome.detail) == (ending is Ending.DEFECT)
    ConnectedSystem.objects.update(breaker=BreakerState.CLOSED, throttled_until=None)
    assert run(system, person).ending is Ending.DONE
    assert account(store).attributes["title"] == ("Countess",)


def test_a_lost_account_is_created_again(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    lost = account(store).remote_id
    store.remove(ObjectClass.USER, lost)

    assert run(system, person).verdict == "recreate"
    assert link_of(person).remote_id == account(store).remote_id != lost


def test_a_lost_account_is_let_go_where_the_policy_says_so_and_stays_gone(place: Place) -> None:
    system, store = place
    ConnectedSystem.objects.update(when_gone=GonePolicy.ACCEPT)
    person = a_person("ada")
    run(system, person)
    store.remove(ObjectClass.USER, account(store).remote_id)

    assert run(system, person).verdict == "accept_gone"
    assert (link_of(person).state, link_of(person).settlement) == (LinkState.REMOVED, Settlement.GONE)
    assert run(system, person).verdict == "leave"
    assert not store.records(ObjectClass.USER)


def test_an_account_that_vanishes_between_read_and_write_is_created_again(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(title="Countess", rendering_version=0)
    store.script.before.append(
        lambda call: store.remove(ObjectClass.USER, call.remote_id) if call.operation == "update" else None
    )

    assert run(system, person).verdict == "recreate"
    assert account(store).attributes["title"] == ("Countess",)


def test_suspended_people_are_disabled_follow_their_name_and_come_back(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)

    User.objects.filter(pk=person.pk).update(active=False, title="Countess", rendering_version=0)
    assert run(system, person).verdict == "disable"
    assert account(store).enabled is False
    assert account(store).attributes["title"] == ("Countess",)
    assert link_of(person).enabled is False

    User.objects.filter(pk=person.pk).update(active=True)
    assert run(system, person).verdict == "enable"
    assert account(store).enabled is True


def test_deleted_people_lose_their_account_and_the_link_stays(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)

    assert run(system, person).verdict == "delete"
    assert not store.records(ObjectClass.USER)
    link = link_of(person)
    assert (link.state, link.remote_id, link.object_name) == (LinkState.REMOVED, None, "ada")


def test_purged_people_lose_their_account_too(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    Operation.objects.all().delete()
    person_id = person.pk
    User.objects.filter(pk=person_id).delete()
    person.pk = person_id

    assert run(system, person).verdict == "delete"
    assert not store.records(ObjectClass.USER)
    assert link_of(person).object_name == "ada"


def test_an_account_that_was_deleted_by_somebody_else_is_done_with(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)
    store.script.fail("delete", lambda: Gone("gone"))

    assert run(system, person).ending is Ending.DONE
    assert link_of(person).state == LinkState.REMOVED


def test_what_a_lost_create_left_behind_is_removed_with_its_person(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    store.script.fail("create", lambda: Ambiguous("reset"), after_commit=True)
    store.script.before.append(_down_after_create(store))
    assert run(system, person).ending is Ending.RETRY
    store.script.clear()
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)

    assert run(system, person).verdict == "delete"
    assert not store.records(ObjectClass.USER)


def _down_after_create(store: MemoryStore) -> Any:
    def observe(call: Any) -> None:
        if call.operation == "search" and store.records(ObjectClass.USER):
            raise Transient("down")

    return observe


def test_a_paused_system_is_not_called(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    put(system, person)
    claim = claim_one()
    ConnectedSystem.objects.update(state=SystemState.PAUSED)

    assert converge(claim).verdict == "wait"
    assert not store.journal


def test_a_person_without_a_key_waits_for_a_person(place: Place) -> None:
    system, store = place
    SystemMapping.objects.filter(attribute="userName").update(source="nickName")

    outcome = run(system, a_person("ada"))

    assert (outcome.ending, outcome.error_class) == (Ending.FAILED, "missing_value")
    assert "userName" in outcome.message
    assert "create" not in calls(store)


def test_a_scope_filter_that_cannot_be_read_takes_nobody_out_of_scope(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    ConnectedSystem.objects.update(scope_filter="shoeSize gt 44")

    outcome = run(system, person)

    assert outcome.ending is Ending.MISCONFIGURED
    assert "scope filter" in outcome.message
    assert account(store).enabled


def test_secrets_show_neither_in_the_log_nor_in_the_link(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, _ = place
    SystemMapping.objects.create(
        system=system, attribute="employeeNumber", kind=MappingKind.CONSTANT, source="hunter2-secret"
    )
    monkeypatch.setattr("connectors.engine.masking._SECRET_NAME", re.compile("employeeNumber"))

    person = a_person("ada")
    outcome = run(system, person)

    assert "hunter2-secret" not in repr(outcome)
    assert "hunter2-secret" not in repr(link_of(person).known)
    assert run(system, person).verdict == "nothing"


def test_a_worker_that_was_given_up_writes_no_link(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    put(system, person)
    claim = claim_one()
    store.script.after.append(lambda call: _take_over(claim.operation_id) if call.operation == "create" else None)

    outcome = converge(claim)

    assert outcome.ending is Ending.RETRY
    assert link_of(person).state == LinkState.PENDING
    assert not finish(claim, outcome)
    make_due()
    successor = claim_one("two")
    assert converge(successor).verdict == "adopt"
    assert account_names(store) == ["ada"]


def _take_over(operation_id: int) -> None:
    let_lease_run_out(operation_id)
    assert claim_due("two", 0) == []


def test_a_worker_whose_lease_ran_out_makes_no_call(place: Place) -> None:
    system, store = place
    put(system, a_person("ada"))
    claim = claim_one()
    let_lease_run_out(claim.operation_id)

    assert converge(claim).ending is Ending.RETRY
    assert not store.journal


def test_a_system_that_is_gone_is_done_with(place: Place) -> None:
    system, _ = place
    put(system, a_person("ada"))
    claim = claim_one()
    ConnectedSystem.objects.all().delete()

    assert converge(claim).ending is Ending.DONE


@pytest.mark.parametrize(
    ("policy", "verdict", "left", "enabled"),
    [("leave", "unlink", 1, True), ("disable", "disable", 1, False), ("delete", "delete", 0, None)],
)
def test_a_system_that_is_being_deleted(place: Place, policy: str, verdict: str, left: int, enabled: Any) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    ConnectedSystem.objects.update(state=SystemState.DELETING, deletion_policy=policy, removal_limit=0)

    assert run(system, person, lane=Lane.REMOVAL).verdict == verdict
    records = list(store.records(ObjectClass.USER).values())
    assert len(records) == left
    assert [record.enabled for record in records] == [enabled] * left
    assert link_of(person).state == LinkState.REMOVED


def test_a_dead_system_can_be_let_go(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    ConnectedSystem.objects.update(state=SystemState.DELETING, deletion_policy="leave", connector="vanished")

    assert run(system, person).verdict == "unlink"
    assert link_of(person).state == LinkState.REMOVED
    assert account_names(store) == ["ada"]


def test_a_connector_that_is_missing_is_a_misconfiguration(place: Place) -> None:
    system, _ = place
    ConnectedSystem.objects.update(connector="vanished")

    outcome = run(system, a_person("ada"))

    assert outcome.ending is Ending.MISCONFIGURED
    assert "vanished" in outcome.message


def test_the_schema_is_read_once_and_kept_with_the_system(place: Place) -> None:
    system, _ = place
    run(system, a_person("ada"))
    system.refresh_from_db()
    assert system.remote_schema["objects"]["user"]["name_attribute"] == "userName"
