"""The bounds within which an expression is compiled and evaluated, and the account that is kept of it."""

import math
from collections.abc import Mapping

SOURCE_CHARACTERS = 2_000
TOKENS = 1_000
DEPTH = 40
TEXT_CHARACTERS = 10_000
LIST_ENTRIES = 10_000
"""The longest list on the way; what comes out is bounded by `RESULT_ENTRIES`."""
RESULT_ENTRIES = 1_000
WHOLE_NUMBER = 2**63
COST = 1_000_000
"""What one evaluation may cost: a character counts one, an entry of a list twenty."""
_COST_OF_ENTRY = 20


class Account:
    """What one evaluation sees and what it has cost so far."""

    __slots__ = ("context", "spent")

    def __init__(self, context: Mapping[str, object]) -> None:
        self.context = context
        self.spent = 0

    def charge(self, value: object) -> None:
        """Charge for an intermediate value (raises ValueError: it, or the whole evaluation, is out of bounds)."""
        self.spent += 1
        if isinstance(value, str):
            check_length(len(value))
            self.spent += len(value)
        elif isinstance(value, (list, tuple)):
            check_entries(len(value))
            self.spent += len(value) * _COST_OF_ENTRY
        elif isinstance(value, (int, float)):
            check_number(value)
        if self.spent > COST:
            raise ValueError("the expression is too costly")


def check_length(characters: int) -> None:
    """Refuse a text of this many characters before it is built (raises ValueError)."""
    if characters > TEXT_CHARACTERS:
        raise ValueError(f"a text must not be longer than {TEXT_CHARACTERS:,} characters")


def check_entries(entries: int) -> None:
    """Refuse a list of this many entries (raises ValueError)."""
    if entries > LIST_ENTRIES:
        raise ValueError(f"a list must not be longer than {LIST_ENTRIES:,} entries")


def check_number(number: float) -> None:
    """Refuse numbers no system could store (raises ValueError)."""
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError("the number is not finite")
    if not -WHOLE_NUMBER <= number < WHOLE_NUMBER:
        raise ValueError("the number is too large")
