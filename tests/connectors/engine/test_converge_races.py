"""What else happens while an object is converged: a person, another object, the clock, our own database."""

from typing import Any

import pytest
from django.db import OperationalError

from connectors.actions.links import match_by_hand, unlink
from connectors.actions.systems import delete_system, pause_system
from connectors.catalog.memory import MemoryStore
from connectors.catalog.memory.script import Call
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import ATTEMPTS_TO_GIVE_WAY, converge
from connectors.engine.failures import LinkChanged
from connectors.engine.finish import finish
from connectors.engine.ledger import Ledger
from connectors.engine.work import queue_runs, work
from connectors.models import ConnectedSystem, Link, Operation, SystemMapping
from connectors.spi import ObjectClass
from connectors.vocabulary import LinkState, OperationState, RemovalPolicy, Settlement
from identities.actors import command_actor
from identities.models import User
from tests.connectors.engine.converging import Place, account, foreign, link_of, run
from tests.connectors.engine.memory_systems import account_names
from tests.connectors.engine.rows import NOW, a_group, a_person, claim_one, let_lease_run_out, make_due, put, states

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("quick")]

ACTOR = command_actor()


def once(store: MemoryStore, operation: str, happens: Any, *, before: bool = False) -> None:
    """Let something happen after the next call of this kind, or before it."""
    observers = store.script.before if before else store.script.after

    def observe(call: Call) -> None:
        if call.operation == operation:
            observers.remove(observe)
            happens()

    observers.append(observe)


def settle() -> None:
    """Work off whatever is due, retries too."""
    for _ in range(6):
        make_due()
        work("one", 1)


def all_queued() -> None:
    while queue_runs("two"):
        continue


def waits_for(subject: Any) -> bool:
    return Operation.objects.filter(object_id=subject.pk, state=OperationState.WAITING).exists()


def deleted(person: User) -> User:
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)
    return User.objects.get_queryset().get(pk=person.pk)


def renamed(person: User, name: str) -> User:
    User.objects.filter(pk=person.pk).update(user_name=name, user_name_key=name, rendering_version=0)
    return User.objects.get(pk=person.pk)


def a_team_without_its_member(system: ConnectedSystem) -> tuple[User, Any]:
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, team)
    Operation.objects.all().delete()
    return ada, team


def test_whom_a_new_link_concerns_waits_with_it_whatever_becomes_of_the_worker(place: Place) -> None:
    system, _store = place
    ada, team = a_team_without_its_member(system)
    put(system, ada)

    converge(claim_one())  # and the worker is never seen again

    assert link_of(ada).state == LinkState.LINKED
    assert waits_for(team)


def test_a_lease_that_ran_out_after_the_link_was_written_loses_nobody(place: Place) -> None:
    system, _store = place
    ada, team = a_team_without_its_member(system)
    put(system, ada)
    claim = claim_one()
    linked = Ledger.linked

    def slowly(self: Ledger, *args: Any) -> Link:
        link = linked(self, *args)
        let_lease_run_out(claim.operation_id)
        claim_due("two", 0)
        put(system, ada)
        return link

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "linked", slowly)
        outcome = converge(claim)
    assert not finish(claim, outcome)
    Operation.objects.filter(object_id=ada.pk).update(worker_deaths=0, state=OperationState.CANCELLED)

    assert waits_for(team)


def test_our_database_failing_after_the_link_was_written_loses_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, _store = place
    ada, team = a_team_without_its_member(system)
    put(system, ada)
    linked = Ledger.linked

    def fails(self: Ledger, *args: Any) -> Link:
        linked(self, *args)
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "linked", fails)
        work("one", 1)

    assert states(ada.pk) == ["waiting"]
    assert waits_for(team)


def test_a_tie_cut_by_hand_stays_cut(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    run(system, ada)
    User.objects.filter(pk=ada.pk).update(title="Countess", rendering_version=0)
    once(store, "update", lambda: unlink(link_of(ada), actor=ACTOR))

    run(system, ada)

    assert (link_of(ada).state, link_of(ada).settlement) == (LinkState.REMOVED, Settlement.KEPT)


def test_an_account_matched_by_hand_meanwhile_is_the_one_and_no_other_is_made(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    run(system, ada)
    unlink(link_of(ada), actor=ACTOR)
    Link.objects.update(settlement=Settlement.NONE)
    store.remove(ObjectClass.USER, account(store).remote_id)
    legacy = foreign(store, "legacy")
    once(store, "search", lambda: match_by_hand(link_of(ada), legacy.remote_id, actor=ACTOR))

    run(system, ada)
    settle()

    assert account_names(store) == ["ada"]
    assert link_of(ada).remote_id == legacy.remote_id


def test_groups_learn_of_an_account_matched_by_hand(place: Place) -> None:
    system, store = place
    foreign(store, "ada")
    ada, team = a_team_without_its_member(system)
    run(system, ada)
    assert link_of(ada).state == LinkState.DISPUTED

    match_by_hand(link_of(ada), account(store).remote_id, actor=ACTOR)

    assert waits_for(team)


@pytest.mark.parametrize("leaves", [deleted, lambda person: renamed(person, "ava")], ids=["deleted", "renamed"])
def test_who_was_refused_a_name_gets_it_when_its_holder_lets_go(place: Place, leaves: Any) -> None:
    system, store = place
    holder = a_person("ada")
    run(system, holder)
    holder = leaves(holder)
    newcomer = a_person("ada")

    assert run(system, newcomer).verdict == "dispute"
    run(system, holder)
    settle()

    assert link_of(newcomer).state == LinkState.LINKED
    assert "ada" in account_names(store)
    assert states(newcomer.pk) == ["superseded", "done"]


@pytest.mark.parametrize("leaves", [deleted, lambda person: renamed(person, "ava")], ids=["deleted", "renamed"])
def test_who_was_refused_a_name_that_is_not_the_key_gets_it_too(place: Place, leaves: Any) -> None:
    system, store = place
    ConnectedSystem.objects.update(correlation_attribute="employeeNumber")
    SystemMapping.objects.create(system=system, attribute="employeeNumber", source="enterprise.employeeNumber")
    holder = a_person("ada", employee_number="1")
    run(system, holder)
    holder = leaves(holder)
    newcomer = a_person("ada", employee_number="2")

    assert run(system, newcomer).verdict == "dispute"
    run(system, holder)
    settle()

    assert link_of(newcomer).state == LinkState.LINKED
    assert "ada" in account_names(store)


def test_what_keeps_changing_here_is_no_fault_of_the_system(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, _ = place
    person = a_person("ada")

    def changed(*_: Any) -> None:
        raise LinkChanged

    monkeypatch.setattr(Ledger, "linked", changed)
    outcome = run(system, person)

    system.refresh_from_db()
    assert (outcome.ending, outcome.error_class) == (Ending.RETRY, "")
    assert "kept changing" in outcome.message and outcome.retry_in is not None
    assert system.consecutive_failures == 0
    assert waits_for(person)


@pytest.mark.parametrize("leaves", [deleted, lambda person: renamed(person, "ava")], ids=["deleted", "renamed"])
def test_a_name_that_is_let_go_while_it_is_disputed_is_taken(place: Place, leaves: Any) -> None:
    system, store = place
    holder = a_person("ada")
    run(system, holder)
    holder = leaves(holder)
    newcomer = a_person("ada")
    put(system, newcomer)
    claim = claim_one()
    put(system, holder)
    (other,) = claim_due("two", 1)
    disputed = Ledger.disputed

    def late(*args: Any) -> None:
        finish(other, converge(other))
        disputed(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "disputed", late)
        outcome = converge(claim)

    assert outcome.verdict == "create"
    assert finish(claim, outcome)
    assert link_of(newcomer).state == LinkState.LINKED
    assert "ada" in account_names(store)


@pytest.mark.parametrize("name", ["grace", "Gräfin"])
@pytest.mark.parametrize("leaves", [deleted, lambda person: renamed(person, "hopper")], ids=["deleted", "renamed"])
def test_who_was_refused_a_new_name_gets_it_when_its_holder_lets_go(place: Place, leaves: Any, name: str) -> None:
    system, store = place
    ada, holder = a_person("ada"), a_person(name)
    for person in (ada, holder):
        run(system, person)
    leaves(holder)
    ada = renamed(ada, name.upper())
    Operation.objects.update(attempt=0)
    put(system, ada)
    for _ in range(ATTEMPTS_TO_GIVE_WAY):  # nobody of ours gave way in time
        Operation.objects.filter(state=OperationState.WAITING).exclude(object_id=ada.pk).delete()
        make_due()
        for claim in claim_due("one", 1):
            finish(claim, converge(claim))
    assert states(ada.pk)[-1] == OperationState.DISPUTED
    assert link_of(ada).state == LinkState.LINKED

    run(system, holder)
    settle()

    assert name.upper() in account_names(store)
    assert states(ada.pk)[-2:] == ["superseded", "done"]
    assert (link_of(ada).refused_key, link_of(ada).disputed_with) == (None, "")


def test_a_new_name_that_is_let_go_while_it_is_refused_is_taken(place: Place) -> None:
    system, store = place
    ada, holder = a_person("ada"), a_person("grace")
    for person in (ada, holder):
        run(system, person)
    deleted(holder)
    put(system, renamed(ada, "grace"))
    claim = claim_one()
    put(system, holder)
    (other,) = claim_due("two", 1)
    refused = Ledger.refused

    def late(*args: Any) -> bool:
        if link_of(holder).state != LinkState.REMOVED:
            finish(other, converge(other))
        return refused(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "refused", late)
        assert finish(claim, converge(claim))

    assert states(ada.pk)[-1] == OperationState.DONE
    assert account_names(store) == ["grace"]


def test_names_are_passed_on(place: Place) -> None:
    system, store = place
    ada, grace = a_person("ada"), a_person("grace")
    for person in (ada, grace):
        run(system, person)
    renamed(grace, "hopper")
    renamed(ada, "grace")

    run(system, ada)
    assert waits_for(ada)
    settle()

    assert account_names(store) == ["grace", "hopper"]
    assert not Operation.objects.filter(state=OperationState.DISPUTED).exists()


def test_a_system_that_is_being_deleted_gets_no_new_account(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    put(system, ada)
    claim = claim_one()
    once(store, "search", lambda: delete_system(system, RemovalPolicy.DELETE, actor=ACTOR) and all_queued())

    assert finish(claim, converge(claim))
    settle()

    assert account_names(store) == []
    assert not ConnectedSystem.objects.exists()


def test_a_system_that_is_paused_meanwhile_gets_no_new_account(place: Place) -> None:
    system, store = place
    put(system, a_person("ada"))
    once(store, "search", lambda: pause_system(system, actor=ACTOR))
    claim = claim_one()

    assert finish(claim, converge(claim))

    assert account_names(store) == []
    assert Operation.objects.get().state == OperationState.WAITING
