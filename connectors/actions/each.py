"""Doing one action to many operations or links."""

from collections.abc import Callable, Iterable
from typing import Any

from identities.actors import Actor
from identities.errors import IdentityError

Act = Callable[..., Any]


def each_of(act: Act, chosen: Iterable[Any], *, actor: Actor) -> tuple[int, list[str]]:
    """Do an action to each of these operations or links, each in its own transaction.

    Returns:
        How many it was done to, and why it was refused for the others.
    """
    done, refused = 0, []
    for each in chosen:
        try:
            act(each, actor=actor)
            done += 1
        except IdentityError as refusal:
            refused.append(f"{each.pk} ({each.object_name}): {refusal.message}")
    return done, refused
