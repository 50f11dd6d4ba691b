"""Requests that create users: one, or many of a Bulk request in one batch."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from scim2_models import Context

from identities.actions.associations import Acquaintance, associate_many, check_external_id
from identities.actions.attempts import attempt
from identities.actions.batches import all_of
from identities.actions.users import NewUser, UserAttributes, create_users_many
from identities.errors import IdentityError
from identities.models import User
from identities.representation import UserAdapter
from identities.representation.arguments import UserArguments
from identities.rules.ownership import is_empty
from identities.scim.call import Call
from identities.scim.reading.stored import Made, UserRow
from identities.scim.schemas.resources import user_model
from identities.scim.wire.errors import REFUSALS
from identities.scim.wire.messages import Form
from identities.scim.writing.locked_attributes import without_locked
from identities.scim.writing.user_limits import (
    is_seen,
    out_of_bounds,
    outside_bounds,
    read_user,
    seen_managers,
    unknown_manager,
)

# By the place in the request.
Results = dict[int, "UserRow | Exception"]


def create(call: Call, payload: Form) -> Made:
    """Create the person a POST describes and let the client know it (RFC 7644 section 3.3).

    What this client may not write is left out and noted.

    Raises:
        Conflict: the user name is taken, whether or not the client can see by whom.
        NotPermitted: the person would lie outside of the client's bounds.
        RuleViolation, pydantic.ValidationError: a value is not allowed.
    """
    [result] = create_many(call, [payload])
    if isinstance(result, Exception):
        raise result
    return Made(result.id, result)


def create_many(call: Call, payloads: Sequence[Form]) -> list[UserRow | Exception]:
    """Create the people that many POSTs describe, in a number of statements that does not grow with them (up to the
    size of a batch); what `create` would raise stands in the place of what the answer is made of.
    """
    wanted: dict[int, UserArguments] = {}
    results: Results = {}
    model = user_model()
    for place, payload in enumerate(payloads):
        try:
            form = read_user(call, payload, Context.RESOURCE_CREATION_REQUEST, model)
            arguments = without_locked(call, UserAdapter(User()).from_dict(form))
            check_external_id(arguments.external_id)
        except REFUSALS as refusal:
            results[place] = refusal
        else:
            wanted[place] = arguments
    seen = seen_managers(call, [each.changes.get("manager") for each in wanted.values()])
    for place, each in list(wanted.items()):
        if (manager := each.changes.get("manager")) and not is_seen(manager, seen):
            results[place] = unknown_manager(manager)
            del wanted[place]
    results |= _create(call, wanted, seen)
    return [results[place] for place in range(len(payloads))]


def _create(call: Call, wanted: Mapping[int, UserArguments], managers: Mapping[UUID, str]) -> Results:
    """Create them; if some turn out to lie outside of the client's bounds, all but those."""
    made, refused = attempt(partial(_create_within_bounds, call, wanted))
    if not refused:
        return {
            place: _row(user, wanted[place].external_id, managers) if isinstance(user, User) else user
            for place, user in made.items()
        }
    others = {place: each for place, each in wanted.items() if place not in refused}
    return _create(call, others, managers) | {place: out_of_bounds() for place in refused}


def _row(user: Any, external_id: str | None, managers: Mapping[UUID, str]) -> UserRow:
    """What the answer is made of: the text that was stored. Nobody is in a group yet."""
    name = managers.get(user.manager_id)
    version = user.rendering_version
    return UserRow(user.pk, user.version, external_id, version, user.scim_text, user.manager_id, name, None)


def _create_within_bounds(
    call: Call, wanted: Mapping[int, UserArguments]
) -> tuple[dict[int, User | IdentityError], set[int]]:
    """Create them, and who lies outside of the bounds; nobody is created if somebody does."""
    made = dict(zip(wanted, create_users_many(_new_users(wanted.values()), actor=call.actor), strict=True))
    people = {place: user for place, user in made.items() if isinstance(user, User)}
    known = [Acquaintance(user, wanted[place].external_id, new=True) for place, user in people.items()]
    all_of(associate_many(call.client, known, actor=call.actor))
    outside = outside_bounds(call, [user.pk for user in people.values()])
    if outside:
        transaction.set_rollback(True)
    return made, {place for place, user in people.items() if user.pk in outside}


def _new_users(wanted: Iterable[UserArguments]) -> list[NewUser]:
    return [
        NewUser(
            UserAttributes(
                {name: value for name, value in each.changes.items() if not is_empty(value)},
                {name: rows for name, rows in each.multi_values.items() if rows},
            ),
            suspended=each.active is False,
        )
        for each in wanted
    ]
