"""Chains upwards: managers of people, parents of org units."""

from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

Node = TypeVar("Node", bound=Hashable)

# No real organisation is deeper; a longer chain is treated as a loop.
LONGEST_CHAIN: Final = 100


def closes_loop(node: Node, first_above: Node | None, above: Mapping[Node, Node | None]) -> bool:
    """Whether putting `first_above` above `node` makes `node` stand above itself, given who stands above whom now."""
    here, steps = first_above, 0
    while here is not None and steps < LONGEST_CHAIN:
        if here == node:
            return True
        here, steps = above.get(here), steps + 1
    return here is not None
