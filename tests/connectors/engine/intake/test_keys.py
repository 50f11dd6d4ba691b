"""Many keys in little memory."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from connectors.engine.intake.keys import KeySet, Repeated

MANY = 20_000


def repeated(keys: Any) -> Repeated:
    found = Repeated()
    for key in keys:
        found.add(key)
    return found


def test_what_is_among_them_and_what_stands_twice() -> None:
    keys = KeySet(["b", "a", "c", "a"])
    assert ["a" in keys, "c" in keys, "d" in keys, bool(keys), bool(KeySet([]))] == [True, True, False, True, False]
    assert repeated(["b", "a", "c", "a", "b", "b"]).found() == {hash("a"), hash("b")}
    assert not repeated(["a", "b"]).found()


@pytest.mark.parametrize("make", [KeySet, repeated])
def test_a_key_takes_ten_bytes(make: Callable[[Any], Any]) -> None:
    tracemalloc.start()
    held = make(f"employee number {number}" for number in range(MANY))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held
    assert size < 10 * MANY
