"""Requests that change users, turned into actions. PUT and PATCH share one path: the difference between two forms."""

from collections.abc import Callable, Mapping
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
from identities.models import ApiClient, User
from identities.scim.call import Call
from identities.scim.callers.visibility import seen_users
from identities.scim.reading.asked import lock_named_user, lock_user
from identities.scim.reading.stored import UserRow
from identities.scim.schemas.resources import user_model
from identities.scim.wire.messages import Form, read_patch
from identities.scim.wire.profiles import tolerates
from identities.scim.wire.versions import user_tag
from identities.scim.writing.differences import Difference, patch_difference, put_difference
from identities.scim.writing.locked_attributes import unlocked
from identities.scim.writing.user_creation import create, create_many
from identities.scim.writing.user_limits import check_bounds, check_manager, read_user

__all__ = ["create", "create_many", "delete", "not_found", "patch", "replace"]


def replace(call: Call, pk: UUID, payload: Form) -> UserRow | None:
    """Make the person what a PUT says (RFC 7644 section 3.5.1). Returns as `patch`.

    Values owned by others stay as they are. What is absent is cleared only where this client owns it; `active` and
    externalId never.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = read_user(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)

    def write() -> UserRow | None:
        user, held = _locked(call, pk)
        return _apply(call, user, put_difference(user, held.rows[pk], form, call.actor.origin), held, refuse=False)

    return attempt(write)


def patch(call: Call, pk: UUID, payload: Form) -> UserRow | None:
    """Apply a PATCH to the person, whole or not at all (RFC 7644 section 3.5.2).

    Returns:
        What the answer is made of, from what was written; None if it is to be read.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation.
        ValueOwned: unless the profile tolerates it.
        SCIMException and pydantic.ValidationError for a message that cannot be understood or applied.
    """
    cleaned = call.tolerance.patch(payload)
    if _has_nothing_left(cleaned, payload):
        user, _held = attempt(partial(_locked, call, pk))
        return _row(user, user.external_id, _manager_of(user))
    message = read_patch(user_model(), cleaned, call.profile)

    def write() -> UserRow | None:
        user, held = _locked(call, pk)
        found = patch_difference(user, held.rows[pk], user.external_id, message, call.profile)
        return _apply(call, user, found, held, refuse=not tolerates(call.profile, "owned_values_kept"))

    return attempt(write)


def delete(call: Call, pk: UUID) -> None:
    """Take the person out of the client's sight; delete it if the client owns its lifecycle (RFC 7644 section 3.6).

    Raises:
        NotFound; NotPermitted; PreconditionFailedException.
    """

    def write() -> None:
        user, held = _locked(call, pk, lock_user)
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


def _locked(call: Call, pk: UUID, lock: Callable[[ApiClient, UUID], Any] = lock_named_user) -> tuple[Any, Held]:
    """The person, if the client may reach it; locked, so that what is computed from it holds when it is written."""
    user = lock(call.client, pk)
    if user is None:
        raise not_found(pk)
    call.preconditions.check_write(user_tag(user.version, user.external_id))
    return user, Held({pk: user}, read_rows([pk]))


def _has_nothing_left(cleaned: Form, payload: Form) -> bool:
    operations = [
        [value for name, value in each.items() if name.lower() == "operations"] for each in (cleaned, payload)
    ]
    return operations[0] == [[]] and operations[1] != [[]]


def _apply(call: Call, user: Any, difference: Difference, held: Held, *, refuse: bool) -> UserRow | None:
    """Write the difference; what the answer is made of then, if that is known."""
    difference = unlocked(call, difference, active=user.active, refuse=refuse)
    external_id = _know(call, user, difference.external_id)
    managers = _manager_of(user)
    if difference.changes or difference.multi_values:
        managers |= check_manager(call, difference.changes.get("manager"))
        result = update_user(
            user,
            actor=call.actor,
            changes=difference.changes,
            multi_values=difference.multi_values,
            mode="refuse" if refuse else "skip",
            held=held,
        )
        call.note_kept(result.kept)
    _set_active(call, user, difference.active, held)
    check_bounds(call, user)
    return _row(user, external_id, managers)


def _know(call: Call, user: Any, external_id: str | None) -> str | None:
    """Adopt the person with the first write, and keep the id by which the client knows it, which is returned."""
    if user.known_id is None:
        adopt(call.client, user, actor=call.actor, external_id=external_id)
        call.notes.add("adopted")
        return external_id
    if external_id is not None and external_id != user.external_id:
        return associate(call.client, user, actor=call.actor, external_id=external_id).external_id
    known: str | None = user.external_id
    return known


def _manager_of(user: Any) -> dict[UUID | None, str | None]:
    return {user.manager_id: user.manager_name}


def _row(user: Any, external_id: str | None, managers: Mapping[UUID | None, str | None]) -> UserRow | None:
    """What the answer is made of: the text that was stored, and the names that were read with the lock.

    None for somebody whom the client knows only since now, and where it is not known whether the client sees the
    manager (see `lock_named_user`).

    Args:
        managers: those who were looked up, with their names.
    """
    name = managers.get(user.manager_id)
    if user.known_id is None or (user.manager_id is not None and name is None):
        return None
    return UserRow(
        user.pk,
        user.version,
        external_id,
        user.rendering_version,
        user.scim_text,
        user.manager_id,
        name,
        user.groups_seen,
    )


def _set_active(call: Call, user: User, active: bool | None, held: Held) -> None:
    """Assert or withdraw this client's suspension; somebody else's keeps the person inactive."""
    if active is False:
        suspend_user(user, actor=call.actor, held=held)
    elif active and not user.active and not lift_suspension(user, actor=call.actor, held=held).active:
        call.note_kept(("active",))
