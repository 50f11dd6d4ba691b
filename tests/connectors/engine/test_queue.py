"""Putting work into the queue."""

import pytest

from connectors.engine.queue import Request, enqueue, enqueue_selected
from connectors.models import Operation
from connectors.vocabulary import Lane, OperationState
from identities.models import User
from identities.vocabulary import ObjectType
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, a_system, people, put, states

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_new_operation_waits_and_names_its_object() -> None:
    system, anna = a_system(), a_person("anna", given_name="Anna", family_name="Adler")

    assert put(system, anna, lane=Lane.BULK, correlation_id="c1") == 1

    operation = Operation.objects.get()
    assert (operation.state, operation.lane, operation.object_name) == ("waiting", Lane.BULK, "Anna Adler")
    assert (operation.system, operation.object_id, operation.correlation_id) == (system, anna.pk, "c1")
    assert (operation.attempt, operation.fence, operation.steps, operation.difference) == (0, 0, [], {})
    assert operation.due_at == operation.created_at > NOW


def test_changes_meanwhile_join_the_row_that_waits() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna, lane=Lane.BULK)
    Operation.objects.update(due_at="2999-01-01T00:00Z", created_at=NOW, attempt=3)

    put(system, anna, lane=Lane.REMOVAL)
    put(system, anna, lane=Lane.INTERACTIVE)

    operation = Operation.objects.get()
    assert (operation.lane, operation.created_at, operation.attempt) == (Lane.REMOVAL, NOW, 3)
    assert operation.due_at.year < 2999


def test_a_change_while_one_is_in_flight_waits_behind_it() -> None:
    system, anna = a_system(), a_person("anna")
    put(system, anna)
    Operation.objects.update(state=OperationState.IN_FLIGHT)

    put(system, anna)
    put(system, anna)

    assert states(anna.pk) == ["in_flight", "waiting"]


@pytest.mark.parametrize("state", [OperationState.FAILED, OperationState.DISPUTED, OperationState.HELD])
def test_a_change_supersedes_what_waits_for_a_person(state: OperationState) -> None:
    system, anna, berta = a_system(), a_person("anna"), a_person("berta")
    put(system, anna, berta)
    Operation.objects.update(state=state)

    put(system, anna)

    assert states(anna.pk) == ["superseded", "waiting"]
    assert states(berta.pk) == [state]


def test_a_purged_person_is_enqueued_by_their_link() -> None:
    system, anna = a_system(), a_person("anna")
    a_link(system, anna)
    anna_id = anna.pk
    anna.delete()

    assert enqueue(system.pk, ObjectType.USER, [anna_id], lane=Lane.REMOVAL, cause="purged") == 1
    assert Operation.objects.get().object_name == "anna"


def test_unknown_ids_are_passed_over() -> None:
    system, stranger = a_system(), a_system("other")

    assert enqueue(system.pk, ObjectType.USER, [stranger.pk], lane=Lane.BULK, cause="test") == 0
    assert enqueue(system.pk, ObjectType.GROUP, [], lane=Lane.BULK, cause="test") == 0
    assert not Operation.objects.exists()


def test_groups_and_people_are_told_apart() -> None:
    system, anna = a_system(), a_person("anna")
    staff = a_group("staff", anna)

    assert put(system, anna, staff) == 2
    assert set(Operation.objects.values_list("object_type", "object_name")) == {("user", "anna"), ("group", "staff")}


def test_statements_do_not_grow_with_the_number_of_objects(django_assert_num_queries: object) -> None:
    system = a_system()
    ids = [person.pk for person in people(300)]
    request = Request(system.pk, ObjectType.USER, Lane.BULK, "test")

    for count in (1, 300):
        with django_assert_num_queries(5):  # type: ignore[operator]  # a fixture that is a context manager
            enqueue_selected(request, User.objects.filter(pk__in=ids[:count]))
    assert Operation.objects.count() == 300
