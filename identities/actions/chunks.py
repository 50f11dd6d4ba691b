"""Cutting batches into transactions of a bearable size."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

# Rows per transaction and per IN list: SQLite takes at most 999 values in a statement.
CHUNK: Final = 500


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """The items in order, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
