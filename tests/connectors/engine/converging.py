"""Converging by hand: one claim at a time, each written down."""

from typing import Any

from connectors.catalog.memory import MemoryStore
from connectors.engine.claim import Outcome
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Link
from connectors.spi import ObjectClass
from identities.models import User
from tests.connectors.engine.rows import claim_one, make_due, put

Place = tuple[ConnectedSystem, MemoryStore]


def run(system: ConnectedSystem, person: User, **more: Any) -> Outcome:
    """Converge once and write down how it ended."""
    put(system, person, **more)
    make_due()
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
