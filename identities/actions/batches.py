"""The common shape of batch forms: transactions of a bearable size, and refusals in the place of results."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from identities.actions.attempts import attempt
from identities.actions.chunks import chunks
from identities.errors import IdentityError

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_chunks(
    change: Callable[[Sequence[Item]], list[Result | IdentityError]], items: Sequence[Item]
) -> list[Result | IdentityError]:
    """Change items in transactions of at most `CHUNK`.

    Args:
        change: changes a chunk and returns, for each of its items in order, the result or the refusal.
    """
    results: list[Result | IdentityError] = []
    for chunk in chunks(items):
        results += attempt(partial(change, chunk))
    return results


def each(step: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | IdentityError]:
    """Decide for each item in order; what `step` raises stands in the place of its result."""
    results: list[Result | IdentityError] = []
    for item in items:
        try:
            results.append(step(item))
        except IdentityError as refusal:
            results.append(refusal)
    return results


def one(results: Sequence[Result | IdentityError]) -> Result:
    """The result of a batch of one; raises its refusal."""
    [only] = results
    if isinstance(only, IdentityError):
        raise only
    return only


def all_of(results: Sequence[Result | IdentityError]) -> list[Result]:
    """The results of a batch that is wanted whole; raises the first refusal, for the caller's transaction to undo."""
    return [one([result]) for result in results]
