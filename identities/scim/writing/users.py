"""Requests that change users, turned into actions. PUT and PATCH share one path: the difference between two forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.associations import adopt, associate, drop_association
from identities.actions.attempts import attempt
from identities.actions.lifecycle import delete_user, lift_suspension, suspend_user
from identities.actions.user_changes import Held, read_rows
from identities.actions.users import update_user
from identities.errors import NotFound, NotPermitted
from identities.models import User
from identities.scim.call import Call
from identities.scim.callers.visibility import seen_users
from identities.scim.reading.asked import lock_user
from identities.scim.schemas.resources import user_model
from identities.scim.wire.messages import Form, read_patch
from identities.scim.wire.profiles import tolerates
from identities.scim.wire.versions import user_tag
from identities.scim.writing.differences import Difference, patch_difference, put_difference
from identities.scim.writing.locked_attributes import unlocked
from identities.scim.writing.user_creation import create, create_many
from identities.scim.writing.user_limits import check_bounds, check_manager, read_user

__all__ = ["create", "create_many", "delete", "not_found", "patch", "replace"]


def replace(call: Call, pk: UUID, payload: Form) -> None:
    """Make the person what a PUT says (RFC 7644 section 3.5.1).

    Values owned by others stay as they are. What is absent is cleared only where this client owns it; `active` and
    externalId never.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = read_user(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)

    def write() -> None:
        user, held = _locked(call, pk)
        _apply(call, user, put_difference(user, held.rows[pk], form, call.actor.origin), held, refuse=False)

    attempt(write)


def patch(call: Call, pk: UUID, payload: Form) -> None:
    """Apply a PATCH to the person, whole or not at all (RFC 7644 section 3.5.2).

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation.
        ValueOwned: unless the profile tolerates it.
        SCIMException and pydantic.ValidationError for a message that cannot be understood or applied.
    """
    cleaned = call.tolerance.patch(payload)
    if _has_nothing_left(cleaned, payload):
        attempt(partial(_locked, call, pk))
        return
    message = read_patch(user_model(), cleaned, call.profile)

    def write() -> None:
        user, held = _locked(call, pk)
        found = patch_difference(user, held.rows[pk], user.external_id, message, call.profile)
        _apply(call, user, found, held, refuse=not tolerates(call.profile, "owned_values_kept"))

    attempt(write)


def delete(call: Call, pk: UUID) -> None:
    """Take the person out of the client's sight; delete it if the client owns its lifecycle (RFC 7644 section 3.6).

    Raises:
        NotFound; NotPermitted; PreconditionFailedException.
    """

    def write() -> None:
        user, held = _locked(call, pk)
        if user.known_id is None:
            raise _only_seen(call, pk)
        drop_association(call.client, user, actor=call.actor)
        if user.default_origin == call.actor.origin:
            delete_user(user, actor=call.actor, held=held)
        else:
            call.notes.add("kept", "lifecycle")

    attempt(write)


def not_found(pk: object) -> NotFound:
    """There is no such person for this client."""
    return NotFound("user_not_found", _("There is no user %(id)s.") % {"id": pk})


def _only_seen(call: Call, pk: UUID) -> NotFound | NotPermitted:
    """The refusal of a DELETE: a person whom the client could adopt but does not see is not there."""
    if seen_users(call.client).filter(pk=pk).exists():
        return NotPermitted("only_seen", _("This client sees the user %(id)s and may not delete it.") % {"id": pk})
    return not_found(pk)


def _locked(call: Call, pk: UUID) -> tuple[Any, Held]:
    """The person, if the client may reach it; locked, so that what is computed from it holds when it is written."""
    user = lock_user(call.client, pk)
    if user is None:
        raise not_found(pk)
    call.preconditions.check_write(user_tag(user.version, user.external_id))
    return user, Held({pk: user}, read_rows([pk]))


def _has_nothing_left(cleaned: Form, payload: Form) -> bool:
    operations = [
        [value for name, value in each.items() if name.lower() == "operations"] for each in (cleaned, payload)
    ]
    return operations[0] == [[]] and operations[1] != [[]]


def _apply(call: Call, user: Any, difference: Difference, held: Held, *, refuse: bool) -> None:
    difference = unlocked(call, difference, active=user.active, refuse=refuse)
    _know(call, user, difference.external_id)
    if difference.changes or difference.multi_values:
        check_manager(call, difference.changes.get("manager"))
        result = update_user(
            user,
            actor=call.actor,
            changes=difference.changes,
            multi_values=difference.multi_values,
            mode="refuse" if refuse else "skip",
            held=held,
        )
        call.note_kept(result.kept)
    _set_active(call, user, difference.active)
    check_bounds(call, user)


def _know(call: Call, user: Any, external_id: str | None) -> None:
    """Adopt the person with the first write, and keep the id by which the client knows it."""
    if user.known_id is None:
        adopt(call.client, user, actor=call.actor, external_id=external_id)
        call.notes.add("adopted")
    elif external_id is not None and external_id != user.external_id:
        associate(call.client, user, actor=call.actor, external_id=external_id)


def _set_active(call: Call, user: User, active: bool | None) -> None:
    """Assert or withdraw this client's suspension; somebody else's keeps the person inactive."""
    if active is False:
        suspend_user(user, actor=call.actor)
    elif active and not user.active and not lift_suspension(user, actor=call.actor).active:
        call.note_kept(("active",))
