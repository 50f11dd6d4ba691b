"""The doorbell of connectors."""

import threading
from uuid import UUID

import pytest
from django.db import connections

from connectors import tasks
from connectors.models import Operation
from connectors.vocabulary import OperationState
from identities import outbox
from identities.actors import admin_actor
from identities.models import Delivery
from identities.vocabulary import EventKind, ObjectType
from tests.connectors.engine.memory_systems import a_memory_system, account_names
from tests.connectors.engine.rows import a_person

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bell_is_hung_once() -> None:
    assert outbox.bells.count(tasks.ring) == 1


def test_ten_rings_at_once_make_one_account() -> None:
    _, store = a_memory_system()
    anna = a_person("anna")
    outbox.announce(EventKind.USER_CREATED, ObjectType.USER, anna.pk, actor=admin_actor(UUID(int=1), "Ada"))

    def answers() -> None:
        tasks.drain()
        connections.close_all()

    rings = [threading.Thread(target=answers) for _ in range(10)]
    for ring in rings:
        ring.start()
    for ring in rings:
        ring.join()
    tasks.drain()

    assert account_names(store) == ["anna"]
    assert [call.operation for call in store.journal].count("create") == 1
    assert Operation.objects.filter(state=OperationState.DONE).count() == Operation.objects.count()
    assert not Delivery.objects.filter(done_at=None).exists()
