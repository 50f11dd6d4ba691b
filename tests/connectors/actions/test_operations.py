"""What a person does about operations and holds."""

from typing import Any

import pytest

from connectors.actions import holds, operations
from connectors.actions.each import Act, each_of
from connectors.engine.claim import claim_due
from connectors.engine.claiming import dialect
from connectors.engine.queue import enqueue
from connectors.engine.work import work
from connectors.models import Link, Operation
from connectors.vocabulary import Lane, OperationState, Settlement
from identities.actors import command_actor
from identities.errors import NotFound, RuleViolation
from identities.models import AuditEntry, User
from identities.vocabulary import ObjectType
from tests.connectors.engine.memory_systems import a_memory_system, enabled_accounts
from tests.connectors.engine.rows import a_person, a_system, claim_one, people, put, states

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ACTOR = command_actor()


def an_operation(state: OperationState, **columns: Any) -> Operation:
    """An operation in this state."""
    put(a_system(), a_person("anna"))
    Operation.objects.update(state=state, **columns)
    return Operation.objects.get()


@pytest.mark.parametrize("state", [OperationState.FAILED, OperationState.DISPUTED, OperationState.WAITING])
def test_a_retry_is_due_now_and_counts_anew(state: OperationState) -> None:
    operation = an_operation(state, attempt=7, worker_deaths=5, due_at="2999-01-01T00:00Z")

    assert operations.retry(operation, actor=ACTOR).state == OperationState.WAITING

    claim = claim_one()
    assert (claim.operation_id, claim.attempt) == (operation.pk, 1)
    assert Operation.objects.get().worker_deaths == 0
    assert AuditEntry.objects.get().verb == "operation.retried"


def test_a_retry_makes_a_newer_change_due_instead() -> None:
    operation = an_operation(OperationState.IN_FLIGHT)
    enqueue(operation.system_id, ObjectType.USER, [operation.object_id], lane=Lane.BULK, cause="newer")
    Operation.objects.filter(state=OperationState.WAITING).update(due_at="2999-01-01T00:00Z")
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.FAILED)

    assert operations.retry(operation, actor=ACTOR).state == OperationState.SUPERSEDED

    assert states(operation.object_id) == ["superseded", "waiting"]
    assert len(claim_due("one", 10)) == 1


@pytest.mark.parametrize(
    ("act", "state", "after"),
    [
        (operations.skip, OperationState.FAILED, "skipped"),
        (operations.skip, OperationState.DISPUTED, "skipped"),
        (operations.cancel, OperationState.WAITING, "cancelled"),
    ],
)
def test_laid_aside_until_the_next_change(act: Act, state: OperationState, after: str) -> None:
    operation = an_operation(state)

    assert act(operation, actor=ACTOR).state == after
    assert claim_due("one", 10) == []

    put(operation.system, User.objects.get())
    assert states(operation.object_id) == [after, "waiting"]


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (operations.retry, OperationState.DONE),
        (operations.retry, OperationState.HELD),
        (operations.skip, OperationState.WAITING),
        (operations.cancel, OperationState.IN_FLIGHT),
        (holds.release, OperationState.FAILED),
        (holds.reject, OperationState.DONE),
    ],
)
def test_the_wrong_state_is_refused(act: Act, state: OperationState) -> None:
    operation = an_operation(state)

    with pytest.raises(RuleViolation, match=state.value):
        act(operation, actor=ACTOR)
    assert not AuditEntry.objects.exists()


def test_an_operation_that_is_gone_is_refused() -> None:
    operation = an_operation(OperationState.FAILED)
    Operation.objects.all().delete()

    with pytest.raises(NotFound):
        operations.retry(operation, actor=ACTOR)


def test_many_are_done_each_for_itself() -> None:
    system = a_system()
    put(system, *people(3))
    Operation.objects.filter(object_name="person000").update(state=OperationState.FAILED)

    done, refused = each_of(operations.skip, Operation.objects.order_by("object_name"), actor=ACTOR)

    assert (done, len(refused)) == (1, 2)
    assert "person001" in refused[0]


def held_removals() -> tuple[Any, Any]:
    """A system whose brake holds one removal."""
    system, store = a_memory_system(removal_limit=0, removal_limit_percent=0)
    anna = a_person("anna")
    put(system, anna)
    work("one", 1)
    User.objects.update(active=False)
    put(system, anna)
    work("one", 1)
    assert Operation.objects.filter(state=OperationState.HELD).count() == 1
    return system, store


def test_a_released_removal_goes_through_beyond_the_limit() -> None:
    _, store = held_removals()
    held = Operation.objects.get(state=OperationState.HELD)

    released = holds.release(held, actor=ACTOR)
    assert (released.state, released.released, released.lane) == (OperationState.WAITING, True, Lane.REMOVAL)
    work("one", 1)

    assert enabled_accounts(store) == 0
    assert Operation.objects.get(pk=held.pk).state == OperationState.DONE


def test_a_rejected_removal_leaves_the_account_also_at_the_next_change() -> None:
    system, store = held_removals()

    rejected = holds.reject(Operation.objects.get(state=OperationState.HELD), actor=ACTOR)

    assert rejected.state == OperationState.CANCELLED
    assert Link.objects.get().settlement == Settlement.KEPT
    put(system, User.objects.get())
    work("one", 1)
    assert enabled_accounts(store) == 1
    assert not Operation.objects.filter(state=OperationState.HELD).exists()


def test_a_release_joins_a_change_that_waits() -> None:
    system, _ = held_removals()
    held = Operation.objects.get(state=OperationState.HELD)
    enqueue(system.pk, ObjectType.USER, [held.object_id], lane=Lane.BULK, cause="newer")
    Operation.objects.filter(pk=held.pk).update(state=OperationState.HELD)

    holds.release(held, actor=ACTOR)

    waits = Operation.objects.get(state=OperationState.WAITING)
    assert (waits.released, waits.lane) == (True, Lane.REMOVAL)
    assert waits.due_at <= dialect().now()
