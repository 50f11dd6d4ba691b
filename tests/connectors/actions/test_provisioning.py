"""Provisioning somebody now, because a person asked for it."""

from uuid import uuid4

import pytest

from connectors.actions.provisioning import provision_now
from connectors.engine.session import close_all
from connectors.engine.work import work
from connectors.models import Operation
from connectors.vocabulary import Lane, OperationState, SystemState
from identities.actors import command_actor
from identities.errors import NotFound, RuleViolation
from identities.models import AuditEntry
from identities.vocabulary import ObjectType
from tests.connectors.engine.memory_systems import a_memory_system, account_names
from tests.connectors.engine.rows import a_person, a_system, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ACTOR = command_actor("root")


def test_it_is_queued_ahead_of_bulk_work_and_done() -> None:
    system, store = a_memory_system()
    ada = a_person("ada")

    operation = provision_now(system, ObjectType.USER, ada.pk, actor=ACTOR)

    assert (operation.lane, operation.state, operation.cause) == (Lane.INTERACTIVE, "waiting", "asked for by root")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.object_repr) == ("operation.asked_for", str(operation))
    work("one", 1)
    assert account_names(store) == ["ada"]
    operation.refresh_from_db()
    assert operation.state == OperationState.DONE
    close_all()


def test_what_waits_already_is_made_due_and_counted_anew() -> None:
    system, ada = a_system(), a_person("ada")
    put(system, ada, lane=Lane.BULK)
    Operation.objects.update(attempt=7, worker_deaths=2, due_at="2999-01-01T00:00Z")

    provision_now(system, ObjectType.USER, ada.pk, actor=ACTOR)

    waiting = Operation.objects.get()
    assert (waiting.lane, waiting.attempt, waiting.worker_deaths) == (Lane.INTERACTIVE, 0, 0)
    assert waiting.due_at.year < 2999


@pytest.mark.parametrize("state", [SystemState.PAUSED, SystemState.DELETING])
def test_a_system_that_does_not_run_is_not_written_to(state: SystemState) -> None:
    system = a_system(state=state)
    with pytest.raises(RuleViolation, match="only a running system"):
        provision_now(system, ObjectType.USER, a_person("ada").pk, actor=ACTOR)
    assert not Operation.objects.exists()
    assert not AuditEntry.objects.exists()


def test_nobody_is_not_provisioned() -> None:
    with pytest.raises(NotFound):
        provision_now(a_system(), ObjectType.GROUP, uuid4(), actor=ACTOR)
