"""Opening connectors, keeping them, and what happens when they misbehave."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import vault
from connectors.catalog.memory import MemoryStore
from connectors.catalog.memory.schema import SCHEMA
from connectors.engine import session as sessions
from connectors.engine.failures import Defect, LeaseLost
from connectors.engine.masking import MASK
from connectors.engine.schema_store import restored, stored
from connectors.engine.session import close_all, configuration_of, session, validated
from connectors.models import ConnectedSystem
from connectors.spi import Gone, Misconfigured, ObjectClass, Transient
from tests.connectors.engine.memory_systems import a_memory_system

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def place() -> tuple[ConnectedSystem, MemoryStore]:
    return a_memory_system()


Place = tuple[ConnectedSystem, MemoryStore]


def opened(store: MemoryStore) -> int:
    """How often the system was connected to."""
    return sum(call.operation == "open" for call in store.journal)


def ask(system: ConnectedSystem) -> None:
    with session(system) as work:
        work.connector.search(ObjectClass.USER, limit=1)


def test_a_session_that_asks_nothing_does_not_connect(place: Place) -> None:
    system, store = place
    with session(system):
        pass
    assert not store.journal


def test_one_connection_serves_a_thread_for_as_long_as_it_works(place: Place) -> None:
    system, store = place
    ask(system)
    ask(system)
    assert opened(store) == 1


def test_a_changed_configuration_opens_another(place: Place) -> None:
    system, store = place
    ask(system)
    system.version += 1
    ask(system)
    system.sealed_secrets = vault.seal({"store": store_name(system)}, str(system.id))
    system.configuration = {}
    ask(system)
    assert opened(store) == 3


def store_name(system: ConnectedSystem) -> str:
    return str(system.configuration["store"])


def test_one_that_was_idle_for_long_is_opened_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    system, store = place
    ask(system)
    monkeypatch.setattr(sessions, "IDLE_SECONDS", 0.0)
    ask(system)
    assert opened(store) == 2


def test_an_error_that_may_be_the_connections_drops_it_and_one_about_an_object_does_not(place: Place) -> None:
    system, store = place
    ask(system)
    with pytest.raises(Gone), session(system) as work:
        work.connector.get(ObjectClass.USER, "nobody")
    ask(system)
    assert opened(store) == 1
    store.script.fail("search", lambda: Transient("reset"))
    with pytest.raises(Transient):
        ask(system)
    ask(system)
    assert opened(store) == 2


def test_one_that_cannot_be_opened_is_tried_again(place: Place) -> None:
    system, store = place
    store.script.fail("open", lambda: Transient("down"))
    with pytest.raises(Transient):
        ask(system)
    ask(system)
    assert opened(store) == 2


def test_secrets_join_the_configuration_and_nothing_else_knows_them(place: Place) -> None:
    system, _ = place
    name = store_name(system)
    system.configuration = {}
    system.sealed_secrets = vault.seal({"store": name}, str(system.id))
    assert configuration_of(system).store == name  # type: ignore[attr-defined]  # the memory connector's


def test_secrets_of_another_system_are_refused(place: Place) -> None:
    system, _ = place
    system.sealed_secrets = vault.seal({"store": "x"}, "another")
    with pytest.raises(Misconfigured, match="another system"):
        configuration_of(system)


def test_every_mistake_of_a_configuration_is_named_and_no_value_shown() -> None:
    with pytest.raises(Misconfigured) as caught:
        validated("memory", {"members_per_update": "hunter2", "colour": "red"})
    assert "members_per_update" in str(caught.value)
    assert "colour" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_is_no_error_of_the_interface_is_a_defect_with_its_trace_and_without_secrets(place: Place) -> None:
    system, store = place
    name = store_name(system)
    system.configuration = {}
    system.sealed_secrets = vault.seal({"store": name}, str(system.id))

    def fail() -> Any:
        return ValueError(f"cannot talk to {name}")

    store.script.fail("search", fail)
    with pytest.raises(Defect) as caught:
        ask(system)
    assert "ValueError" in caught.value.message
    assert "Traceback" in caught.value.detail
    assert MASK in caught.value.detail
    assert name not in caught.value.detail


def test_without_the_lease_nothing_is_called(place: Place) -> None:
    system, store = place
    with pytest.raises(LeaseLost), session(system, is_held=lambda: False) as work:
        work.connector.search(ObjectClass.USER)
    assert not store.journal


def test_after_the_deadline_nothing_is_called(place: Place, settings: Any) -> None:
    system, store = place
    ask(system)
    store.journal.clear()
    settings.PORTAL_CALL_DEADLINE_SECONDS = -1
    with pytest.raises(Transient, match="time"):
        ask(system)
    assert not store.journal


def test_calls_are_counted_and_timed(place: Place) -> None:
    system, store = place
    store.script.delay("search", 0.02)
    with session(system) as work:
        assert not work.connector.answered
        work.connector.search(ObjectClass.USER)
        assert work.connector.answered
        assert work.connector.calls == 1
        assert work.connector.seconds >= 0.02


def test_a_schema_survives_being_stored() -> None:
    assert restored(stored(SCHEMA)) == SCHEMA
    assert restored({}) is None
    assert restored({"format": 0, "objects": {}}) is None


def test_the_schema_of_a_changed_configuration_is_not_kept(place: Place) -> None:
    system, _ = place
    ConnectedSystem.objects.filter(pk=system.pk).update(version=99)
    with session(system) as work:
        work.schema()
    system.refresh_from_db()
    assert system.remote_schema == {}
