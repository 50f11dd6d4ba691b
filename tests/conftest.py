"""The fixtures that every room of the tests may use."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

# Playwright runs an event loop in the main thread, where Django would refuse its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The same examples in every run, so that a change is judged by what it changes; `HYPOTHESIS_PROFILE=random` looks for
# new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_sessionstart() -> None:
    """Look for garbage seldom: tests make much that goes by itself."""
    gc.set_threshold(50_000)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait, the longest first: at the end of the run nobody waits for one of them."""
    items.sort(key=_how_short)


def _how_short(item: pytest.Item) -> float:
    slow = item.get_closest_marker("slow")
    return -float(slow.kwargs.get("seconds", 10)) if slow else 0.0


pytest_plugins = ["tests.servers.fixtures", "tests.servers.browser"]
