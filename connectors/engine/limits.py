"""The removal brake: how many accounts of a system may be disabled or deleted within an hour without a person looking.

Modelled on Entra's accidental-deletion prevention, which counts disables and deletes alike; a share beside the number
lets large systems breathe.
"""

from dataclasses import dataclass
from datetime import timedelta

REMOVAL_WINDOW = timedelta(hours=1)


def removal_limit(minimum: int, percent: int, accounts: int) -> int:
    """The most removals an hour: `minimum`, or `percent` of the system's linked accounts where that is more."""
    return max(minimum, accounts * percent // 100)


@dataclass(frozen=True, slots=True)
class RemovalBudget:
    """How much of the hour's allowance is used.

    Attributes:
        removed: disables and deletes carried out or under way within the last hour, those a person released left out.
        limit: the allowance, from `removal_limit`.
        accounts: the linked accounts it was computed from.
    """

    removed: int = 0
    limit: int = 0
    accounts: int = 0

    @property
    def has_room(self) -> bool:
        """Whether one more removal stays within the allowance."""
        return self.removed < self.limit
