"""Turns: what only one transaction at a time may decide, because what it reads is more than it can lock (a chain of
managers, the tree of org units, groups that look at each other). The one place where this differs between databases.
"""

from enum import IntEnum
from typing import Final

from django.db import connection


class Turn(IntEnum):
    """What is decided in turns; the number is the lock's name on PostgreSQL."""

    MANAGERS = 1
    ORG_UNITS = 2
    RULES = 3


# Keeps our numbers apart from locks that others take in the same database.
_SPACE: Final = 0x1DE4


def take_turn(turn: Turn) -> bool:
    """Wait until nobody else decides this, and keep the turn until the transaction ends.

    Returns:
        Whether somebody else may have decided since this transaction began: never on SQLite, which lets one write at
        a time.
    """
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SPACE, int(turn)])
    return True
