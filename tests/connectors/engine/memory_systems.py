"""Systems on the in-memory connector, ready to be worked on."""

from itertools import count
from typing import Any

from connectors.catalog.memory.store import MemoryStore
from connectors.models import ConnectedSystem, SystemMapping
from connectors.spi import ObjectClass
from identities.vocabulary import ObjectType
from tests.connectors.engine.rows import a_system

_numbers = count(1)


def a_memory_system(name: str = "intranet", **columns: Any) -> tuple[ConnectedSystem, MemoryStore]:
    """A running system with mappings for names, and its fresh store."""
    store = f"{name}-{next(_numbers)}"
    system = a_system(name, configuration={"store": store}, **columns)
    SystemMapping.objects.create(system=system, attribute="userName", source="userName")
    SystemMapping.objects.create(
        system=system, object_type=ObjectType.GROUP, attribute="displayName", source="displayName"
    )
    return system, MemoryStore.named(store)


def account_names(store: MemoryStore) -> list[str]:
    """The user names of the accounts there are."""
    records = store.records(ObjectClass.USER).values()
    return sorted(str(record.attributes["userName"][0]) for record in records)


def enabled_accounts(store: MemoryStore) -> int:
    """How many accounts can be used."""
    return sum(record.enabled is not False for record in store.records(ObjectClass.USER).values())
