"""Claiming, finishing, and taking over."""

from datetime import timedelta

import pytest
from django.conf import settings

from connectors.engine.claim import GROUP_PATIENCE, Ending, Outcome, claim_due, still_held
from connectors.engine.claiming import dialect
from connectors.engine.finish import finish
from connectors.engine.takeover import DEATHS_ALLOWED, take_over_expired
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import BreakerState, Lane, OperationState, SystemState
from identities.vocabulary import ObjectType
from tests.connectors.engine.rows import (
    a_group,
    a_person,
    a_system,
    claim_one,
    let_lease_run_out,
    make_due,
    people,
    put,
    states,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DONE = Outcome(Ending.DONE, verdict="create")
LATER = timedelta(days=1)


def test_a_claim_is_a_lease_with_a_fence() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna, lane=Lane.REMOVAL)

    claim = claim_one("worker-1")

    operation = Operation.objects.get()
    assert (claim.system_id, claim.object_type, claim.object_id) == (system.pk, ObjectType.USER, anna.pk)
    assert (claim.lane, claim.attempt, claim.fence, claim.released) == (Lane.REMOVAL, 1, 1, False)
    assert (operation.state, operation.lease_owner, operation.fence) == ("in_flight", "worker-1", 1)
    assert operation.lease_until == claim.lease_until
    assert operation.started_at is not None
    assert claim.lease_until - operation.started_at == timedelta(seconds=settings.PORTAL_LEASE_SECONDS)
    assert still_held(claim)
    assert claim_due("worker-2", 10) == []


def test_what_is_not_due_is_not_claimed() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    Operation.objects.update(due_at=dialect().now() + LATER)

    assert claim_due("one", 10) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"state": SystemState.PAUSED},
        {"breaker": BreakerState.OPEN},
        {"breaker": BreakerState.HALF_OPEN},
        {"throttled_until": "2999-01-01T00:00Z"},
    ],
)
def test_a_closed_gate_lets_nothing_through(columns: dict[str, str]) -> None:
    put(a_system(**columns), a_person("anna"))

    assert claim_due("one", 10) == []


def test_a_system_that_is_being_deleted_and_a_throttle_that_has_passed_are_worked_on() -> None:
    put(a_system(state=SystemState.DELETING, throttled_until="2020-01-01T00:00Z"), a_person("anna"))

    assert len(claim_due("one", 10)) == 1


def test_removals_go_first_and_one_slot_is_kept_for_them() -> None:
    system, crowd = a_system(slots=3), people(5)
    put(system, *crowd[:4], lane=Lane.INTERACTIVE)

    first = claim_due("one", 10)
    put(system, crowd[4], lane=Lane.REMOVAL)
    second = claim_due("one", 10)

    assert [claim.lane for claim in first] == [Lane.INTERACTIVE, Lane.INTERACTIVE]
    assert [claim.lane for claim in second] == [Lane.REMOVAL]
    assert claim_due("one", 10) == []


def test_removals_may_take_every_slot() -> None:
    system, crowd = a_system(slots=3), people(6)
    put(system, *crowd[:2], lane=Lane.BULK)
    put(system, *crowd[2:], lane=Lane.REMOVAL)

    assert [claim.lane for claim in claim_due("one", 10)] == [Lane.REMOVAL] * 3


def test_within_a_lane_the_longest_due_goes_first() -> None:
    system, (anna, berta) = a_system(), people(2)
    put(system, anna)
    put(system, berta)
    make_due(object_id=berta.pk)

    assert [claim.object_id for claim in claim_due("one", 1)] == [berta.pk]


def test_every_system_gets_its_part() -> None:
    crowd = people(10)
    systems = [a_system(name) for name in ("ldap", "scim", "sql")]
    for system in systems:
        put(system, *crowd)

    claims = claim_due("one", 6)

    assert sorted(str(claim.system_id) for claim in claims) == sorted(str(s.pk) for s in systems for _ in range(2))


def test_a_system_gives_up_what_the_others_do_not_need() -> None:
    big, small, crowd = a_system("big", slots=8), a_system("small"), people(10)
    put(big, *crowd)
    put(small, crowd[0])

    claims = claim_due("one", 6)

    assert sum(claim.system_id == big.pk for claim in claims) == 5


def test_a_worker_keeps_threads_free_for_other_systems() -> None:
    slow, crowd = a_system("slow", slots=8), people(8)
    put(slow, *crowd)

    assert len(claim_due("one", 4, share=3)) == 3
    assert claim_due("one", 4, share=3) == []
    assert len(claim_due("two", 4, share=3)) == 3


def test_a_system_that_just_failed_gets_one_thread_of_a_worker() -> None:
    put(a_system(consecutive_failures=1), *people(4))

    assert len(claim_due("one", 4, share=3)) == 1


def test_an_object_in_flight_is_not_claimed_again() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    claim = claim_one()
    put(system, anna)

    assert claim_due("two", 10) == []
    assert finish(claim, DONE)
    assert claim_one("two").object_id == anna.pk


def test_the_same_person_is_worked_on_in_two_systems_at_once() -> None:
    anna = a_person("anna")
    for name in ("ldap", "scim"):
        put(a_system(name), anna)

    assert len(claim_due("one", 10)) == 2


def test_a_group_waits_for_members_that_are_about_to_be_linked() -> None:
    system, (anna, berta) = a_system(), people(2)
    staff = a_group("staff", anna)
    put(system, anna, berta, staff, lane=Lane.BULK)

    first = claim_due("one", 10)
    assert {claim.object_id for claim in first} == {anna.pk, berta.pk}
    anna_first = next(claim for claim in first if claim.object_id == anna.pk)
    finish(anna_first, DONE)

    assert claim_one().object_id == staff.pk


def test_a_group_does_not_wait_for_members_that_fail() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna, a_group("staff", anna))
    finish(claim_one(), Outcome(Ending.RETRY, error_class="rejected", retry_in=3600))

    assert claim_one().object_type == ObjectType.GROUP


def test_a_group_waits_some_seconds_only() -> None:
    system, anna = a_system(), a_person("anna")
    staff = a_group("staff", anna)
    put(system, anna, staff)
    Operation.objects.filter(object_id=staff.pk).update(created_at=dialect().now() - GROUP_PATIENCE)

    assert {claim.object_id for claim in claim_due("one", 10)} == {anna.pk, staff.pk}


def test_a_finished_operation_is_its_own_log() -> None:
    put(a_system(), a_person("anna"))
    outcome = Outcome(
        Ending.DONE, verdict="create", steps=({"code": "scope"},), difference={"cn": ["Anna"]}, message="made"
    )

    assert finish(claim_one(), outcome)

    operation = Operation.objects.get()
    assert (operation.state, operation.verdict, operation.message) == ("done", "create", "made")
    assert (operation.steps, operation.difference) == ([{"code": "scope"}], {"cn": ["Anna"]})
    assert operation.lease_until is None
    assert operation.finished_at is not None


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Ending.FAILED, "failed"),
        (Ending.DEFECT, "failed"),
        (Ending.DISPUTED, "disputed"),
        (Ending.HELD, "held"),
        (Ending.RETRY, "waiting"),
        (Ending.THROTTLED, "waiting"),
        (Ending.MISCONFIGURED, "waiting"),
    ],
)
def test_every_ending_has_its_state(ending: Ending, state: str) -> None:
    put(a_system(), a_person("anna"))

    assert finish(claim_one(), Outcome(ending, error_class="some", message="why", held_verdict="delete", retry_in=60))

    operation = Operation.objects.get()
    assert (operation.state, operation.error_class, operation.message) == (state, "some", "why")
    assert operation.held_verdict == "delete"


def test_a_retry_is_due_after_its_back_off() -> None:
    put(a_system(), a_person("anna"))
    before = dialect().now()

    finish(claim_one(), Outcome(Ending.RETRY, retry_in=600))

    operation = Operation.objects.get()
    assert timedelta(seconds=600) <= operation.due_at - before < timedelta(seconds=660)
    assert operation.attempt == 1
    make_due()
    assert claim_one().attempt == 2


def test_a_retry_joins_a_change_that_came_meanwhile() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna, lane=Lane.REMOVAL)
    claim = claim_one()
    put(system, anna, lane=Lane.BULK)

    assert finish(claim, Outcome(Ending.RETRY, retry_in=600, error_class="transient"))

    assert states(anna.pk) == ["superseded", "waiting"]
    again = claim_one()
    assert (again.attempt, again.lane) == (2, Lane.REMOVAL)


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.DISPUTED, Ending.HELD])
def test_a_newer_change_keeps_an_operation_from_waiting_for_a_person(ending: Ending) -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    claim = claim_one()
    put(system, anna)

    assert finish(claim, Outcome(ending))

    assert states(anna.pk) == ["superseded", "waiting"]


def test_dependents_are_enqueued_on_the_same_system() -> None:
    system, other, (anna, berta) = a_system(), a_system("other"), people(2)
    staff = a_group("staff", anna)
    put(system, anna)
    dependents = ((ObjectType.USER, berta.pk), (ObjectType.GROUP, staff.pk))

    finish(claim_one(), Outcome(Ending.DONE, dependents=dependents))

    assert set(Operation.objects.filter(state="waiting").values_list("object_id", flat=True)) == {berta.pk, staff.pk}
    assert not Operation.objects.filter(system=other).exists()


def test_an_expired_lease_goes_to_the_next_worker() -> None:
    put(a_system(), a_person("anna"))
    lost = claim_one("dead")
    let_lease_run_out(lost.operation_id)

    taken = claim_one("alive")

    assert (taken.operation_id, taken.attempt) == (lost.operation_id, 2)
    assert taken.fence > lost.fence
    assert Operation.objects.get().worker_deaths == 1
    assert not still_held(lost)
    assert still_held(taken)


def test_an_expired_lease_merges_into_the_row_that_waits() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna, lane=Lane.REMOVAL)
    lost = claim_one("dead")
    put(system, anna, lane=Lane.BULK)
    let_lease_run_out(lost.operation_id)

    taken = claim_one("alive")

    assert states(anna.pk) == ["superseded", "in_flight"]
    assert (taken.attempt, taken.lane) == (2, Lane.REMOVAL)
    assert Operation.objects.get(pk=taken.operation_id).worker_deaths == 1


def test_a_late_finish_changes_nothing_and_rings_again() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    lost = claim_one("slow")
    let_lease_run_out(lost.operation_id)
    taken = claim_one("fast")
    assert finish(taken, DONE)

    assert not finish(lost, Outcome(Ending.FAILED, message="late"))

    assert states(anna.pk) == ["done", "waiting"]
    assert not Operation.objects.filter(message="late").exists()


def test_a_late_finish_after_the_lease_ran_out_counts_while_nobody_took_over() -> None:
    put(a_system(), a_person("anna"))
    claim = claim_one()
    let_lease_run_out(claim.operation_id)

    assert not still_held(claim)
    assert finish(claim, DONE)


def test_after_five_deaths_a_person_is_asked() -> None:
    system, anna, berta = a_system(), *people(2)
    put(system, anna)
    for _ in range(DEATHS_ALLOWED):
        let_lease_run_out(claim_one().operation_id)
    put(system, berta)

    assert claim_one().object_id == berta.pk

    parked = Operation.objects.get(object_id=anna.pk)
    assert (parked.state, parked.error_class, parked.attempt) == ("failed", "defect", DEATHS_ALLOWED)
    assert "5 workers vanished" in parked.message


def test_deaths_are_counted_across_changes_that_come_meanwhile() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    for _ in range(DEATHS_ALLOWED):
        let_lease_run_out(claim_one().operation_id)
        put(system, anna)
    take_over_expired()

    assert claim_due("one", 10) == []
    assert Operation.objects.get(state=OperationState.FAILED).worker_deaths == DEATHS_ALLOWED


def test_a_deleted_system_takes_its_claims_with_it() -> None:
    put(a_system(), a_person("anna"))
    claim = claim_one()
    ConnectedSystem.objects.all().delete()

    assert not still_held(claim)
    assert not finish(claim, DONE)
