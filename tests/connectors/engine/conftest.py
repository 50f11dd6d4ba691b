"""What tests of converging share."""

from collections.abc import Iterator

import pytest

from connectors.engine import converge as converging
from connectors.engine.session import close_all
from connectors.models import SystemMapping
from tests.connectors.engine.converging import Place
from tests.connectors.engine.memory_systems import a_memory_system


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waits that are over at once, and no connector left open."""
    monkeypatch.setattr(converging, "WAITS_SECONDS", (0.01, 0.02))
    yield
    close_all()


@pytest.fixture
def place(db: None, quick: None) -> Place:
    """A system that keeps names and titles, and its store."""
    system, store = a_memory_system()
    SystemMapping.objects.create(system=system, attribute="title", source="title", clear_when_null=True)
    return system, store
