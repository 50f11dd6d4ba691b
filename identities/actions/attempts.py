"""Trying again where somebody else was faster: the second look names what is taken, and whom it is refused to."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import IntegrityError, OperationalError, transaction

Result = TypeVar("Result")

# Each time, what others took meanwhile is refused row by row; still failing after that is a defect.
ATTEMPTS: Final = 3
# PostgreSQL's SQLSTATE for one of several transactions that waited for each other in a circle.
_DEADLOCK: Final = "40P01"


class _Outer(threading.local):
    """Whether this thread is in an attempt."""

    tries = False


_outer: Final = _Outer()


class OvertakenError(Exception):
    """Between our look and our writing, others changed what the change depends on."""


def attempt(change: Callable[[], Result]) -> Result:
    """Do `change` in a transaction, up to `ATTEMPTS` times while names or references are taken away under it, or while
    it was the one to give way where several waited for each other.

    Within another attempt there is nothing to do but `change`: the outer one takes back and repeats the whole.
    """
    if _outer.tries:
        return change()
    _outer.tries = True
    try:
        return _attempt(change)
    finally:
        _outer.tries = False


def _attempt(change: Callable[[], Result]) -> Result:
    for number in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return change()
        except (IntegrityError, OvertakenError):
            if number == ATTEMPTS:
                raise
        except OperationalError as error:
            if number == ATTEMPTS or not _is_deadlock(error):
                raise
    raise AssertionError("unreachable")


def _is_deadlock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == _DEADLOCK
