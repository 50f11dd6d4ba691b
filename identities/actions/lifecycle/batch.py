"""The common course of the lifecycle's actions: lock a chunk, decide for each user, write all of it at once."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from identities.actions.batches import in_chunks
from identities.actions.guards import check_may_touch
from identities.actions.user_changes import Held, UserChange, hold_users, user_id_of, write_changes
from identities.actors import Actor
from identities.errors import IdentityError, NotFound
from identities.models import User
from identities.vocabulary import EventKind, Verb

Users = Sequence[User | UUID]
# Changes the locked users (raising IdentityError for one that must stay as it is) and returns those that changed.
Step = Callable[[UserChange], None]
Prepare = Callable[[dict[UUID, User]], Step]
# Writes what else belongs to the users that changed.
Also = Callable[[Sequence[UserChange]], None]


def change_many(
    users: Users,
    *,
    actor: Actor,
    verb: Verb,
    prepare: Prepare,
    also: Also | None = None,
    event: EventKind = EventKind.USER_CHANGED,
    held: Held | None = None,
) -> list[User | IdentityError]:
    """Apply one step to many users, in transactions of at most `CHUNK`.

    Args:
        prepare: called once for each chunk with the locked users; reads what the step needs and returns the step,
            which changes one user
            (leaving `differences` empty if there is nothing to do) or raises its refusal.
        also: writes, for each chunk, what else belongs to the users that changed.
        held: the users, where the caller holds them already.

    Returns:
        For each user in order, the user as it now stands, or the refusal.
    """
    return in_chunks(partial(_change_chunk, actor, verb, prepare, also, event, held), users)


def _change_chunk(
    actor: Actor, verb: Verb, prepare: Prepare, also: Also | None, event: EventKind, held: Held | None, users: Users
) -> list[User | IdentityError]:
    ids = list(dict.fromkeys(user_id_of(user) for user in users))
    held = held or hold_users(ids)
    locked, rows = held.users, held.rows
    step = prepare(locked)
    results: dict[UUID, User | IdentityError] = {}
    changes: list[UserChange] = []
    for user in ids:
        if user not in locked:
            results[user] = NotFound("user_not_found", f"There is no user {user}.", user=str(user))
            continue
        change = UserChange(locked[user], rows[user], verb, event)
        try:
            check_may_touch(change.user, actor)
            step(change)
        except IdentityError as refusal:
            results[user] = refusal
            continue
        results[user] = change.user
        if change.differences:
            changes.append(change)
    if also is not None and changes:
        also(changes)
    write_changes(changes, actor=actor)
    return [results[user_id_of(user)] for user in users]
