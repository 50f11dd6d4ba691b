"""The in-memory connector under contract, with each of its ways to disable and to refer."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from connectors.catalog.memory import MemoryConnector, MemoryStore
from connectors.spi import RemoteObject
from tests.contracts.subject import ContractSubject
from tests.contracts.transport import loopback_transport


def _subject(request: pytest.FixtureRequest, **configuration: Any) -> ContractSubject:
    store = f"contract-{uuid4()}"
    request.addfinalizer(partial(MemoryStore.forget, store))
    return ContractSubject(
        connector_class=MemoryConnector,
        transport=loopback_transport,
        configuration={"store": store, **configuration},
        user=lambda name: {"userName": (name,), "givenName": ("Ada",), "familyName": ("Example",)},
        group=lambda name: {"displayName": (name,)},
        text="title",
        several="emails",
        raw=partial(_raw, store),
        invalid={"members_per_update": 0, "store": ""},
    )


def _raw(store: str, item: RemoteObject) -> Mapping[str, tuple[Any, ...]] | None:
    record = MemoryStore.named(store).find(item.object_class, item.remote_id)
    return record.attributes if record else None


SUBJECTS = {
    "memory": _subject,
    "memory-reference-by-name": partial(_subject, reference="name"),
}
VARIANTS = {"memory-removal": partial(_subject, disable="removal")}
LACKING = {"memory-removal": frozenset({"disabling"})}
