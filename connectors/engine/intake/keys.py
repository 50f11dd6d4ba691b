"""Many keys in little memory: whether one is among them, and which of them stand twice."""

from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable
from itertools import islice, pairwise

_MOST_REPEATED = 100_000


class KeySet:
    """Keys as hashes of 64 bits, eight bytes each, where a set of texts takes more than a hundred: a file may have a
    million rows. Two keys are taken for one with a probability of one in 18 trillion for each pair.
    """

    def __init__(self, keys: Iterable[Hashable]) -> None:
        self._hashes = array("q", sorted(array("q", map(hash, keys))))

    def __contains__(self, key: Hashable) -> bool:
        place = bisect_left(self._hashes, wanted := hash(key))
        return place < len(self._hashes) and self._hashes[place] == wanted

    def __bool__(self) -> bool:
        return bool(self._hashes)


class Repeated:
    """Keys that are told one by one, and then those that were told twice."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, key: Hashable) -> None:
        """Tell one."""
        self._hashes.append(hash(key))

    def found(self) -> set[int]:
        """The hashes of those that were told more than once, or of as many as anybody will look at."""
        repeated = (one for one, other in pairwise(sorted(self._hashes)) if one == other)
        return set(islice(repeated, _MOST_REPEATED))
