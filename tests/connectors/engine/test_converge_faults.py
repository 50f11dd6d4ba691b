"""Converging on the in-memory system when something goes wrong, or somebody goes."""

import re
from typing import Any

import pytest

from connectors.catalog.memory import MemoryStore
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Operation, SystemMapping
from connectors.spi import Ambiguous, Gone, Misconfigured, ObjectClass, Rejected, Throttled, Transient
from connectors.vocabulary import (
    BreakerState,
    GonePolicy,
    Lane,
    LinkState,
    Settlement,
    SystemState,
)
from identities.models import User
from identities.vocabulary import MappingKind, ObjectType
from tests.connectors.engine.converging import Place, account, calls, foreign, link_of, run
from tests.connectors.engine.memory_systems import account_names
from tests.connectors.engine.rows import NOW, a_person, claim_one, let_lease_run_out, make_due, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]


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


def test_a_refused_delete_is_repeated_once_others_may_have_let_go(place: Place) -> None:
    system, store = place
    boss = a_person("boss")
    report = a_person("ada", manager=boss)
    run(system, boss)
    run(system, report)
    User.objects.filter(pk=boss.pk).update(deleted_at=NOW, user_name_key=None)
    store.script.fail("delete", lambda: Rejected("somebody still refers to it"))

    outcome = run(system, boss)

    assert (outcome.ending, outcome.error_class) == (Ending.RETRY, "rejected")
    assert outcome.dependents == ((ObjectType.USER, report.pk),)
    run(system, report)
    assert run(system, boss).verdict == "delete"
    assert account_names(store) == ["ada"]


def test_a_delete_that_is_refused_for_another_reason_waits_for_a_person(place: Place) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)
    store.script.fail("delete", lambda: Rejected("not allowed"))

    assert run(system, person).ending is Ending.FAILED


def test_a_connector_that_returns_another_object_is_broken_and_nothing_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, store = place
    person = a_person("ada")
    run(system, person)
    other = foreign(store, "grace")
    monkeypatch.setattr(MemoryStore, "find", lambda *_: other)
    change = {"title": "Countess", "rendering_version": 0}
    User.objects.filter(pk=person.pk).update(**change)
    calls(store)

    assert run(system, person).ending is Ending.DEFECT
    assert calls(store) == ["get"]
