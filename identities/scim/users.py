"""Requests that change users, turned into actions. PUT and PATCH share one path: the difference between two forms."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.associations import adopt, associate, drop_association
from identities.actions.lifecycle import delete_user, lift_suspension, suspend_user
from identities.actions.users import UserAttributes, create_user, update_user
from identities.errors import NotFound, RuleViolation
from identities.models import User
from identities.representation import UserAdapter
from identities.rules.ownership import is_empty
from identities.scim.call import Call
from identities.scim.differences import Difference, patch_difference, put_difference
from identities.scim.messages import Form, read_patch, read_resource
from identities.scim.profiles import tolerates
from identities.scim.resources import user_model
from identities.scim.versions import check_if_match, user_tag
from identities.scim.visibility import own_users, reachable_users


def create(call: Call, payload: Form) -> UUID:
    """Create the person a POST describes and let the client know it (RFC 7644 section 3.3).

    Raises:
        Conflict: the user name is taken, whether or not the client can see by whom.
        RuleViolation, pydantic.ValidationError: a value is not allowed.
    """
    form = _read(call, payload, Context.RESOURCE_CREATION_REQUEST)
    wanted = UserAdapter(User()).from_dict(form)
    attributes = UserAttributes(
        {name: value for name, value in wanted.changes.items() if not is_empty(value)},
        {name: rows for name, rows in wanted.multi_values.items() if rows},
    )
    with transaction.atomic():
        _check_manager(call, wanted.changes.get("manager"))
        user = create_user(actor=call.actor, attributes=attributes, suspended=wanted.active is False)
        associate(call.client, user, actor=call.actor, external_id=wanted.external_id)
    return UUID(str(user.pk))


def replace(call: Call, pk: UUID, payload: Form) -> None:
    """Make the person what a PUT says (RFC 7644 section 3.5.1).

    Values owned by others stay as they are. What is absent is cleared only where this client owns it; `active` and
    externalId never.

    Raises:
        NotFound; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = _read(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)
    with transaction.atomic():
        user = _locked(call, pk)
        _apply(call, user, put_difference(user, form, call.actor.origin), refuse=False)


def patch(call: Call, pk: UUID, payload: Form) -> None:
    """Apply a PATCH to the person, whole or not at all (RFC 7644 section 3.5.2).

    Raises:
        NotFound; PreconditionFailedException; Conflict; ValueOwned (unless the profile tolerates it); RuleViolation;
        SCIMException and pydantic.ValidationError for a message that cannot be understood or applied.
    """
    cleaned = call.tolerance.patch(payload)
    if _has_nothing_left(cleaned, payload):
        with transaction.atomic():
            _locked(call, pk)
        return
    message = read_patch(user_model(), cleaned, call.profile)
    with transaction.atomic():
        user = _locked(call, pk)
        found = patch_difference(user, user.external_id, message, call.profile)
        _apply(call, user, found, refuse=not tolerates(call.profile, "owned_values_kept"))


def delete(call: Call, pk: UUID) -> None:
    """Take the person out of the client's sight; delete it if the client owns its lifecycle (RFC 7644 section 3.6).

    Raises:
        NotFound; PreconditionFailedException.
    """
    with transaction.atomic():
        user = _locked(call, pk)
        if user.known_id is None:
            raise not_found(pk)
        drop_association(call.client, user, actor=call.actor)
        if user.default_origin == call.actor.origin:
            delete_user(user, actor=call.actor)
        else:
            call.notes.add("kept", "lifecycle")


def not_found(pk: object) -> NotFound:
    """There is no such person for this client."""
    return NotFound("user_not_found", _("There is no user %(id)s.") % {"id": pk})


def _read(call: Call, payload: Form, context: Context) -> Form:
    return read_resource(user_model(), call.tolerance.resource(payload), context, call.profile, call.notes)


def _locked(call: Call, pk: UUID) -> Any:
    """The person, if the client may reach it; locked, so that what is computed from it holds when it is written."""
    user: Any = reachable_users(call.client).select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if user is None:
        raise not_found(pk)
    check_if_match(call.if_match, user_tag(user.version, user.external_id))
    return user


def _has_nothing_left(cleaned: Form, payload: Form) -> bool:
    operations = [
        [value for name, value in each.items() if name.lower() == "operations"] for each in (cleaned, payload)
    ]
    return operations[0] == [[]] and operations[1] != [[]]


def _apply(call: Call, user: Any, difference: Difference, *, refuse: bool) -> None:
    _know(call, user, difference.external_id)
    if difference.changes or difference.multi_values:
        _check_manager(call, difference.changes.get("manager"))
        result = update_user(
            user,
            actor=call.actor,
            changes=difference.changes,
            multi_values=difference.multi_values,
            mode="refuse" if refuse else "skip",
        )
        call.note_kept(result.kept)
    _set_active(call, user, difference.active)


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


def _check_manager(call: Call, manager: str | None) -> None:
    """Refuse a manager whom the client cannot see."""
    if manager and not own_users(call.client).filter(pk__in=_uuids(manager)).exists():
        raise RuleViolation("unknown_manager", _("There is no user %(id)s.") % {"id": manager}, field="manager")


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []
