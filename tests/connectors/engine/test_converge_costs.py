"""What converging one object costs: statements, connections, and what is read once for many."""

from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from connectors.actions.mappings import set_mappings
from connectors.actions.systems import update_system
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.work import work
from connectors.models import Operation
from connectors.vocabulary import OperationState
from identities.actors import command_actor
from identities.mapping import MappingRow
from identities.vocabulary import MappingKind, ObjectType
from tests.connectors.engine.converging import Place, account, run
from tests.connectors.engine.memory_systems import a_memory_system
from tests.connectors.engine.rows import a_group, a_person, claim_one, people, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]
ACTOR = command_actor()


def statements(place: Place, subject: Any) -> int:
    """How many statements it takes to converge and finish."""
    put(place[0], subject)
    claim = claim_one()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert finish(claim, converge(claim))
    return len(queries)


def test_a_create_takes_few_statements_however_many_groups_the_person_is_in(place: Place) -> None:
    boss = a_person("boss")
    run(place[0], boss)
    taken = []
    for name, groups in (("ada", 1), ("grace", 6)):
        person = a_person(name, manager=boss)
        for number in range(groups):
            a_group(f"{name} {number}", person)
        taken.append(statements(place, person))

    assert taken[0] == taken[1] <= 40


def test_what_is_as_it_should_be_takes_fewer(place: Place) -> None:
    person = a_person("ada")
    run(place[0], person)

    assert statements(place, person) <= 30


def test_changed_mappings_are_used_at_once(place: Place) -> None:
    (system, store), person = place, a_person("ada", title="Countess", department="Engines")
    run(system, person)
    rows = tuple(
        MappingRow(name, MappingKind.DIRECT, source)
        for name, source in (("userName", "userName"), ("title", "enterprise.department"))
    )

    set_mappings(system, ObjectType.USER, rows, actor=ACTOR)
    run(system, person)

    assert account(store).attributes["title"] == ("Engines",)


def test_an_assigned_group_that_is_deleted_lets_nobody_in(place: Place) -> None:
    (system, store), person = place, a_person("ada")
    group = a_group("staff", person)
    run(system, person)
    update_system(system, actor=ACTOR, changes={"scope_groups": [group]})
    run(system, person)
    assert account(store).enabled is True

    type(group).objects.filter(pk=group.pk).update(deleted_at=group.created_at)
    run(system, person)

    assert account(store).enabled is False


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_its_database_connection_while_there_is_work() -> None:
    system, _ = a_memory_system()
    put(system, *people(20))
    opened: list[object] = []

    def note(**more: Any) -> None:
        opened.append(more["connection"])

    connection_created.connect(note)
    try:
        while Operation.objects.exclude(state=OperationState.DONE).exists():
            work("crew", 4)
    finally:
        connection_created.disconnect(note)
        connections.close_all()
    assert len(opened) <= 4
