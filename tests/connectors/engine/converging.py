"""Converging by hand: one claim at a time, each written down."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors.catalog.memory import MemoryStore
from connectors.engine.claim import Outcome
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import ObjectClass
from connectors.vocabulary import OperationState
from identities.models import Group, User
from tests.connectors.engine.rows import NOW, claim_one, make_due, put

Place = tuple[ConnectedSystem, MemoryStore]
FAR_AWAY = NOW.replace(year=9000)


def run(system: ConnectedSystem, subject: User | Group, **more: Any) -> Outcome:
    """Converge one object, out of turn, and write down how it ended."""
    put(system, subject, **more)
    Operation.objects.filter(state=OperationState.WAITING).exclude(object_id=subject.pk).update(due_at=FAR_AWAY)
    waited = timezone.now() - timedelta(minutes=5)  # a group, long enough for its members
    Operation.objects.filter(object_id=subject.pk).update(created_at=waited)
    make_due(object_id=subject.pk)
    claim = claim_one()
    outcome = converge(claim)
    assert finish(claim, outcome)
    return outcome


def link_of(person: User) -> Link:
    return Link.objects.get(object_id=person.pk)


def account(store: MemoryStore) -> Any:
    """The only account there is."""
    (record,) = store.records(ObjectClass.USER).values()
    return record


def calls(store: MemoryStore) -> list[str]:
    """What was asked of the system since it was last asked, but for opening."""
    made = [call.operation for call in store.journal if call.operation != "open"]
    store.journal.clear()
    return made


def foreign(store: MemoryStore, name: str = "ada", **attributes: tuple[str, ...]) -> Any:
    """An account somebody else made."""
    return store.insert(ObjectClass.USER, {"userName": (name,), **attributes}, enabled=True)
