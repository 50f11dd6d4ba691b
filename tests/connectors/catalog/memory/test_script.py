"""The script of a store: faults, delays and observers on cue."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from connectors.catalog.memory import Call, MemoryConfiguration, MemoryConnector, MemoryStore
from connectors.spi import Ambiguous, Delta, ObjectClass, Rejected, Transient
from tests.contracts.transport import loopback_transport

USER = ObjectClass.USER


@pytest.fixture
def connector() -> Iterator[MemoryConnector]:
    """A connector on a store of its own."""
    name = f"script-{uuid4()}"
    yield MemoryConnector(MemoryConfiguration(store=name), loopback_transport())
    MemoryStore.forget(name)


def _names(connector: MemoryConnector) -> list[object]:
    return [record.attributes["userName"][0] for record in connector.store.records(USER).values()]


def test_the_next_calls_fail_before_anything_happens(connector: MemoryConnector) -> None:
    connector.store.script.fail("create", lambda: Transient("busy"), times=2)
    for _ in range(2):
        with pytest.raises(Transient):
            connector.create(USER, {"userName": ("ada",)})
    assert _names(connector) == []
    connector.create(USER, {"userName": ("ada",)})
    assert _names(connector) == ["ada"]


def test_an_answer_can_be_lost(connector: MemoryConnector) -> None:
    connector.store.script.fail("create", lambda: Ambiguous("lost"), after_commit=True)
    with pytest.raises(Ambiguous):
        connector.create(USER, {"userName": ("ada",)})
    assert _names(connector) == ["ada"]


def test_faults_strike_their_operation_only(connector: MemoryConnector) -> None:
    connector.store.script.fail("delete", lambda: Transient("busy"))
    item = connector.create(USER, {"userName": ("ada",)})
    with pytest.raises(Transient):
        connector.delete(USER, item.remote_id)
    connector.store.script.fail("open", lambda: Transient("down"))
    connector.store.script.clear()
    connector.open()


def test_observers_see_the_call_on_both_sides(connector: MemoryConnector) -> None:
    seen: list[tuple[str, str, int]] = []
    script = connector.store.script
    script.before.append(lambda call: seen.append(("before", call.operation, len(_names(connector)))))
    script.after.append(lambda call: seen.append(("after", call.operation, len(_names(connector)))))
    connector.create(USER, {"userName": ("ada",)})
    assert seen == [("before", "create", 0), ("after", "create", 1)]


def test_what_an_observer_raises_the_call_raises(connector: MemoryConnector) -> None:
    def stop(call: Call) -> None:
        raise Rejected(f"no {call.operation}")

    connector.store.script.before.append(stop)
    with pytest.raises(Rejected, match="no create"):
        connector.create(USER, {"userName": ("ada",)})


def test_calls_take_as_long_as_told(connector: MemoryConnector) -> None:
    connector.store.script.delay("search", 0.1)
    started = time.monotonic()
    connector.search(USER)
    assert time.monotonic() - started >= 0.1


def test_every_call_is_in_the_journal(connector: MemoryConnector) -> None:
    item = connector.create(USER, {"userName": ("ada",)})
    connector.update(USER, item.remote_id, Delta(replace={"title": ("Countess",)}))
    connector.store.script.fail("get", lambda: Transient("busy"))
    with pytest.raises(Transient):
        connector.get(USER, item.remote_id)
    assert [(call.operation, call.remote_id) for call in connector.store.journal] == [
        ("create", None),
        ("update", item.remote_id),
        ("get", item.remote_id),
    ]


def test_connectors_naming_a_store_share_it(connector: MemoryConnector) -> None:
    other = MemoryConnector(connector.configuration, loopback_transport())
    item = other.create(USER, {"userName": ("ada",)})
    assert connector.get(USER, item.remote_id) == item


def test_too_many_members_in_one_update_are_refused(connector: MemoryConnector) -> None:
    configuration = connector.configuration.model_copy(update={"members_per_update": 2})
    narrow = MemoryConnector(configuration, loopback_transport())
    group = narrow.create(ObjectClass.GROUP, {"displayName": ("staff",)})
    with pytest.raises(Rejected, match="too many"):
        narrow.update(ObjectClass.GROUP, group.remote_id, Delta(add={"members": ("a", "b", "c")}))
