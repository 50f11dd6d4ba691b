"""Attributes that an administrator keeps a client from writing: readOnly for it, like values that others own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identities.actions.client_limits import ACTIVE
from identities.errors import ValueOwned
from identities.filters.attributes import scim_name
from identities.representation.arguments import UserArguments
from identities.rules.attributes import USER_NAME
from identities.rules.ownership import is_empty
from identities.scim.call import Call
from identities.scim.writing.differences import Difference


def unlocked(call: Call, difference: Difference, *, active: bool, refuse: bool) -> Difference:
    """The difference without what the client may not write, which is noted.

    Args:
        active: whether the person is active now.

    Raises:
        ValueOwned: with `refuse`, if anything would have changed.
    """
    locked = call.client.read_only_attributes
    if not locked:
        return difference
    named = [name for name in (*difference.changes, *difference.multi_values) if name in locked]
    if ACTIVE in locked and difference.active not in (None, active):
        named.append(ACTIVE)
    if named and refuse:
        raise ValueOwned("attribute_locked", f"{named[0]} cannot be written by this client.", field=named[0])
    call.note_kept(tuple(named))
    return replace(
        difference,
        changes=_without(difference.changes, locked),
        multi_values=_without(difference.multi_values, locked),
        active=None if ACTIVE in locked else difference.active,
    )


def without_locked(call: Call, wanted: UserArguments) -> UserArguments:
    """What a POST may say; the rest is noted. The user name stays: without it there would be nobody to create."""
    locked = set(call.client.read_only_attributes) - {USER_NAME}
    if not locked:
        return wanted
    given = {**wanted.changes, **wanted.multi_values, ACTIVE: wanted.active}
    for name, value in given.items():
        if name in locked and not is_empty(value):
            call.notes.add("ignored", scim_name(name))
    return replace(
        wanted,
        changes=_without(wanted.changes, locked),
        multi_values=_without(wanted.multi_values, locked),
        active=None if ACTIVE in locked else wanted.active,
    )


def _without(values: Mapping[str, Any], names: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
