"""Runs that queue everybody: pushes and removals."""

from datetime import timedelta

import pytest

from connectors.actions import runs
from connectors.actions.systems import delete_system, pause_system, resume_system, start_push
from connectors.engine import fanout, push
from connectors.engine.claim import Ending, Outcome, claim_due
from connectors.engine.claiming import dialect
from connectors.engine.finish import finish
from connectors.engine.work import work
from connectors.models import ConnectedSystem, Link, Operation, Run
from connectors.spi import ObjectClass, Rejected
from connectors.vocabulary import Lane, LinkState, OperationState, RemovalPolicy, RunState, SystemState
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.models import AuditEntry, User
from identities.outbox import announce
from identities.vocabulary import EventKind, ObjectType
from tests.connectors.engine.memory_systems import a_memory_system, account_names, enabled_accounts
from tests.connectors.engine.rows import a_group, a_link, a_person, a_system, let_lease_run_out, people, put, states

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ACTOR = command_actor()


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "CHUNK", 3)


def waiting() -> list[str]:
    """The names of what waits, in the order of the queue."""
    queue = Operation.objects.filter(state=OperationState.WAITING).order_by("due_at", "id")
    return list(queue.values_list("object_name", flat=True))


def all_queued(run: Run) -> Run:
    """Work on the run until everything is queued."""
    while push.work("one"):
        continue
    run.refresh_from_db()
    return run


def test_managers_come_first_whatever_their_ids_and_are_counted_once(_small_chunks: None) -> None:
    system = a_memory_system()[0]
    crowd = people(9)
    by_id = sorted(crowd, key=lambda person: person.pk)
    leaders = by_id[-4:]
    User.objects.filter(pk__in=[each.pk for each in by_id[:4]]).update(manager=leaders[0])
    for leader, report in zip(leaders[1:], by_id[1:4], strict=True):
        User.objects.filter(pk=report.pk).update(manager=leader)

    run = all_queued(start_push(system, actor=ACTOR))

    assert waiting() == [str(person.name_for_people) for person in [*leaders, *by_id[:5]]]
    assert (run.processed, run.total) == (9, 9)


def test_a_push_queues_everybody_in_scope_or_linked_people_before_groups() -> None:
    system = a_system(scope_filter='userName sw "in"', group_filter='displayName eq "team"')
    a_person("in-1")
    out = a_person("out-linked")
    a_person("out")
    gone = a_person("purged")
    for person in (out, gone):
        a_link(system, person)
    gone.delete()
    a_link(system, a_person("out-removed"), LinkState.REMOVED)
    a_group("team")
    a_group("others")

    run = all_queued(start_push(system, actor=ACTOR))

    assert sorted(waiting()[:-1]) == ["in-1", "out-linked", "purged"]
    assert waiting()[-1] == "team"
    assert (run.total, run.processed, run.state) == (4, 4, RunState.APPLYING)
    assert set(Operation.objects.values_list("lane", "run")) == {(Lane.BULK, run.pk)}


@pytest.mark.usefixtures("_small_chunks")
def test_a_push_goes_on_where_a_killed_worker_stopped() -> None:
    system = a_system()
    people(8)
    run = start_push(system, actor=ACTOR)
    assert push.work("dead") == 3
    Run.objects.update(lease_owner="dead", lease_until=dialect().now() + timedelta(hours=1))
    assert push.work("other") == 0
    Operation.objects.all().delete()
    Run.objects.update(lease_until=dialect().now() - timedelta(seconds=1))

    run = all_queued(run)

    assert len(waiting()) == 5
    assert run.processed == 8


@pytest.mark.usefixtures("_small_chunks")
def test_a_push_that_was_cancelled_queues_no_more_and_takes_back_what_it_queued() -> None:
    system, crowd = a_system(), people(8)
    put(system, crowd[0])
    run = start_push(system, actor=ACTOR)
    push.work("one")

    runs.cancel(run, actor=ACTOR)

    assert push.work("one") == 0
    assert waiting() == ["person000"]
    with pytest.raises(RuleViolation):
        runs.cancel(run, actor=ACTOR)


def test_a_change_meanwhile_survives_the_cancelling_of_a_push() -> None:
    system, (anna, _) = a_system(), people(2)
    run = all_queued(start_push(system, actor=ACTOR))
    put(system, anna)

    runs.cancel(run, actor=ACTOR)

    assert waiting() == ["person000"]


def test_a_change_that_failed_meanwhile_survives_the_cancelling_of_a_push() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    (claim,) = claim_due("one", 1)
    run = all_queued(start_push(system, actor=ACTOR))
    assert finish(claim, Outcome(Ending.RETRY, error_class="transient", retry_in=60))

    runs.cancel(run, actor=ACTOR)

    assert waiting() == ["anna"]


def test_what_waits_for_a_person_survives_the_cancelling_of_a_push() -> None:
    system, (anna, berta) = a_system(), people(2)
    put(system, anna)
    (claim,) = claim_due("one", 1)
    assert finish(claim, Outcome(Ending.HELD, held_verdict="delete"))
    run = all_queued(start_push(system, actor=ACTOR))
    assert len(waiting()) == 2

    runs.cancel(run, actor=ACTOR)

    assert list(Operation.objects.filter(state=OperationState.WAITING).values_list("object_id", flat=True)) == [anna.pk]
    assert Operation.objects.get(object_id=berta.pk).state == OperationState.CANCELLED


def test_a_newer_push_takes_the_place_of_an_older_one() -> None:
    system = a_system()
    people(2)
    older = start_push(system, actor=ACTOR)
    newer = start_push(system, actor=ACTOR)
    older.refresh_from_db()

    assert older.state == RunState.CANCELLED
    assert all_queued(newer).processed == 2


@pytest.mark.parametrize(("begun", "expected"), [(False, ["waiting"]), (True, ["in_flight", "waiting"])])
def test_a_newcomer_whom_a_push_meets_first_is_looked_at_again_only_if_somebody_has_begun(
    begun: bool, expected: list[str]
) -> None:
    system, anna = a_system(), a_person("anna")
    announce(EventKind.USER_CREATED, ObjectType.USER, anna.pk, actor=ACTOR)
    run = all_queued(start_push(system, actor=ACTOR))
    claims = claim_due("one", 1) if begun else []

    fanout.drain()

    assert states(anna.pk) == expected
    assert Operation.objects.get(state=OperationState.WAITING).run_id is None, "the change's own"
    for claim in claims:
        assert finish(claim, Outcome(Ending.DISPUTED))
        assert states(anna.pk) == ["superseded", "waiting"], "the second look decides"
    runs.cancel(run, actor=ACTOR)
    assert waiting() == ["anna"]


def test_a_push_is_done_when_its_operations_are() -> None:
    system, store = a_memory_system()
    people(3)
    a_group("staff")
    run = start_push(system, actor=ACTOR)
    work("one", 1)
    work("one", 1)
    run.refresh_from_db()

    assert (run.state, run.processed) == (RunState.DONE, 4)
    assert len(account_names(store)) == 3
    assert len(store.records(ObjectClass.GROUP)) == 1


def test_a_paused_system_is_resumed_with_a_push_and_paused_again() -> None:
    system, store = a_memory_system(state=SystemState.PAUSED)
    people(2)
    with pytest.raises(RuleViolation, match="paused"):
        start_push(system, actor=ACTOR)

    resume_system(system, actor=ACTOR)
    work("one", 1)
    assert len(account_names(store)) == 2
    with pytest.raises(RuleViolation, match="running"):
        resume_system(system, actor=ACTOR)

    pause_system(system, actor=ACTOR)
    put(system, a_person("late"))
    work("one", 1)
    assert len(account_names(store)) == 2
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"system.resumed", "system.pushed", "system.paused"} <= verbs


def provisioned(count: int = 30) -> tuple[ConnectedSystem, object]:
    """A system with so many accounts."""
    system, store = a_memory_system()
    put(system, *people(count))
    work("one", 1)
    assert Link.objects.filter(state=LinkState.LINKED).count() == count
    return system, store


def test_a_system_removed_with_its_accounts_goes_when_they_are_gone() -> None:
    system, store = provisioned()

    delete_system(system, RemovalPolicy.DELETE, actor=ACTOR)
    for _ in range(3):
        work("one", 1)

    assert account_names(store) == []
    assert not ConnectedSystem.objects.exists()
    entry = AuditEntry.objects.get(verb="system.deleted")
    assert (entry.object_repr, entry.actor_name) == ("intranet", ACTOR.name)


def test_a_system_removed_with_accounts_disabled() -> None:
    system, store = provisioned(3)

    delete_system(system, RemovalPolicy.DISABLE, actor=ACTOR)
    for _ in range(3):
        work("one", 1)

    assert (len(account_names(store)), enabled_accounts(store)) == (3, 0)
    assert not ConnectedSystem.objects.exists()


def test_a_system_removed_with_its_accounts_left_goes_at_once() -> None:
    system, store = provisioned(3)

    assert delete_system(system, RemovalPolicy.LEAVE, actor=ACTOR) is None

    assert (len(account_names(store)), enabled_accounts(store)) == (3, 3)
    assert not ConnectedSystem.objects.exists()
    assert User.objects.count() == 3


def test_a_system_stays_while_an_account_resists_and_may_be_given_up() -> None:
    system, store = provisioned(3)
    store.script.fail("delete", lambda: Rejected("No."))
    delete_system(system, RemovalPolicy.DELETE, actor=ACTOR)
    for _ in range(3):
        work("one", 1)
    system.refresh_from_db()
    assert system.state == SystemState.DELETING
    assert len(account_names(store)) == 1

    delete_system(system, RemovalPolicy.LEAVE, actor=ACTOR)

    assert not ConnectedSystem.objects.exists()


def test_a_removal_that_is_called_off_takes_its_release_from_the_brake_along() -> None:
    system, anna = a_system(), a_person("anna")
    a_link(system, anna)
    run = delete_system(system, RemovalPolicy.DELETE, actor=ACTOR)
    assert run is not None
    all_queued(run)
    put(system, anna)

    runs.cancel(run, actor=ACTOR)

    assert Operation.objects.values_list("state", "released").get() == ("waiting", False)


def test_a_removal_that_is_called_off_leaves_the_system_paused() -> None:
    system, store = provisioned(3)
    run = delete_system(system, RemovalPolicy.DELETE, actor=ACTOR)
    assert run is not None
    runs.cancel(run, actor=ACTOR)
    work("one", 1)
    system.refresh_from_db()

    assert (system.state, system.deletion_policy) == (SystemState.PAUSED, "")
    assert len(account_names(store)) == 3


def test_a_claimed_operation_of_a_removal_survives_its_worker() -> None:
    system, store = provisioned(1)
    run = delete_system(system, RemovalPolicy.DELETE, actor=ACTOR)
    assert run is not None
    all_queued(run)
    operation = Operation.objects.get(state=OperationState.WAITING)
    Operation.objects.filter(pk=operation.pk).update(
        state=OperationState.IN_FLIGHT, lease_owner="dead", lease_until=dialect().now()
    )
    let_lease_run_out(operation.pk)
    for _ in range(3):
        work("one", 1)

    assert account_names(store) == []
    assert not ConnectedSystem.objects.exists()
