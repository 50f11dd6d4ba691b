"""What the removal brake counts when a removal does not go straight through."""

from typing import Any

import pytest

from connectors.catalog.memory.script import Call
from connectors.engine.budget import removal_budget
from connectors.engine.claim import Ending, claim_due
from connectors.engine.claiming import dialect
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Operation
from connectors.spi import Ambiguous, ObjectClass, Rejected, Throttled
from connectors.vocabulary import BreakerState, RemovalPolicy
from identities.models import User
from tests.connectors.engine.converging import Place, account, run
from tests.connectors.engine.rows import NOW, a_person, claim_one, let_lease_run_out, make_due, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def removed(system: ConnectedSystem) -> int:
    """How many removals the brake counts."""
    return removal_budget(system, dialect().now()).removed


def linked_and_left(system: ConnectedSystem, name: str = "ada") -> User:
    """Somebody with an account which is to be disabled."""
    person = a_person(name)
    run(system, person)
    User.objects.filter(pk=person.pk).update(active=False, rendering_version=0)
    return person


def let_worker_vanish(claim_id: int) -> None:
    let_lease_run_out(claim_id)
    assert claim_due("other", 0) == []


def test_a_disable_counts_although_its_worker_vanished_right_after_it(place: Place) -> None:
    system, store = place
    put(system, linked_and_left(system))
    claim = claim_one()
    converge(claim)
    assert account(store).enabled is False

    let_worker_vanish(claim.operation_id)
    assert removed(system) == 1
    make_due()
    successor = claim_one("other")
    assert finish(successor, converge(successor))

    assert Operation.objects.latest("pk").verdict == "nothing"
    assert removed(system) == 1


def test_a_disable_that_a_worker_had_only_begun_is_counted_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, store = place
    person = linked_and_left(system)
    put(system, person)
    claim = claim_one()

    class Killed(BaseException):
        pass

    def kill() -> Any:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("connectors.engine.crash_points.around_call", kill)
        converge(claim)
    put(system, person)  # another change has come meanwhile: the row given back is merged into it
    let_worker_vanish(claim.operation_id)
    assert removed(system) == 1

    assert run(system, person).verdict == "disable"
    assert account(store).enabled is False
    assert removed(system) == 1


def test_a_removal_that_did_not_happen_and_is_not_wanted_any_more_is_given_back(place: Place) -> None:
    system, store = place
    person = linked_and_left(system)
    store.script.fail("update", lambda: Ambiguous("reset"))
    assert run(system, person).ending is Ending.RETRY
    assert removed(system) == 1

    User.objects.filter(pk=person.pk).update(active=True, rendering_version=0)
    assert run(system, person).ending is Ending.DONE
    assert account(store).enabled is True
    assert removed(system) == 0


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (lambda: Rejected("no"), 0),
        (lambda: Throttled("slow down", is_refused=True), 0),
        (lambda: Throttled("slow down"), 1),
        (lambda: Ambiguous("reset"), 1),
        (lambda: ValueError("boom"), 1),
    ],
)
def test_a_delete_counts_unless_it_was_certainly_refused(place: Place, error: Any, counted: int) -> None:
    system, store = place
    system.when_deleted = RemovalPolicy.DELETE
    system.save()
    person = a_person("ada")
    run(system, person)
    User.objects.filter(pk=person.pk).update(deleted_at=NOW, user_name_key=None)
    store.script.fail("delete", error)

    run(system, person)
    assert removed(system) == counted
    ConnectedSystem.objects.update(breaker=BreakerState.CLOSED, throttled_until=None)


def test_an_account_that_vanished_meanwhile_was_not_disabled(place: Place) -> None:
    system, store = place
    person = linked_and_left(system)
    (remote_id,) = store.records(ObjectClass.USER)

    def vanish(call: Call) -> None:
        if call.operation == "update":
            store.script.before.clear()
            store.remove(ObjectClass.USER, remote_id)

    store.script.before.append(vanish)
    assert run(system, person).ending is Ending.DONE
    assert not store.script.before
    assert removed(system) == 0
