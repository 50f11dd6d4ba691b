"""Requests that change users, turned into actions. PUT and PATCH share one path: the difference between two forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.associations import adopt, associate, drop_association
from identities.actions.attempts import attempt
from identities.actions.lifecycle import delete_user, lift_suspension, suspend_user
from identities.actions.user_changes import Held, hold_users
from identities.actions.users import UserAttributes, create_user, update_user
from identities.errors import NotFound, RuleViolation
from identities.models import User
from identities.representation import UserAdapter
from identities.representation.arguments import UserArguments
from identities.rules.ownership import is_empty, owner_of
from identities.scim.asked import find_known
from identities.scim.call import Call
from identities.scim.messages import Form, as_form, as_model, read_patch, read_resource
from identities.scim.profiles import policy, tolerates
from identities.scim.resources import user_model
from identities.scim.versions import check_if_match, user_tag
from identities.scim.visibility import own_users


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a request wants to be otherwise than it is."""

    changes: Mapping[str, Any]
    multi_values: Mapping[str, list[dict[str, Any]]]
    active: bool | None
    external_id: str | None


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

    def write() -> UUID:
        _check_manager(call, wanted.changes.get("manager"))
        user = create_user(actor=call.actor, attributes=attributes, suspended=wanted.active is False)
        associate(call.client, user, actor=call.actor, external_id=wanted.external_id, new=True)
        return UUID(str(user.pk))

    return attempt(write)


def replace(call: Call, pk: UUID, payload: Form) -> None:
    """Make the person what a PUT says (RFC 7644 section 3.5.1).

    Values owned by others stay as they are. What is absent is cleared only where this client owns it; `active` and
    externalId never.

    Raises:
        NotFound; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = _read(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)

    def write() -> None:
        user, held = _locked(call, pk)
        adapter = UserAdapter(user, multi_values=held.rows[pk])
        wanted = adapter.from_dict(form)
        difference = _difference(adapter.from_dict(adapter.to_dict()), wanted)
        named = {name: value for name, value in difference.changes.items() if _may_put(call, user, name, value)}
        put = _Difference(named, difference.multi_values, wanted.active, wanted.external_id)
        _apply(call, user, put, held, refuse=False)

    attempt(write)


def patch(call: Call, pk: UUID, payload: Form) -> None:
    """Apply a PATCH to the person, whole or not at all (RFC 7644 section 3.5.2).

    Raises:
        NotFound; PreconditionFailedException; Conflict; ValueOwned (unless the profile tolerates it); RuleViolation;
        SCIMException and pydantic.ValidationError for a message that cannot be understood or applied.
    """
    model = user_model()
    cleaned = call.tolerance.patch(payload)
    if _has_nothing_left(cleaned, payload):
        attempt(partial(_locked, call, pk))
        return
    message = read_patch(model, cleaned, call.profile)

    def write() -> None:
        user, held = _locked(call, pk)
        adapter = UserAdapter(user, multi_values=held.rows[pk])
        resource = as_model(model, _patchable(adapter.to_dict(), user.external_id))
        before = adapter.from_dict(as_form(resource))
        message.patch(resource, scim_policy=policy(call.profile))
        after = _without_emptied(adapter.from_dict(as_form(resource)), message)
        refuse = not tolerates(call.profile, "owned_values_kept")
        _apply(call, user, _difference(before, after), held, refuse=refuse)

    attempt(write)


def delete(call: Call, pk: UUID) -> None:
    """Take the person out of the client's sight; delete it if the client owns its lifecycle (RFC 7644 section 3.6).

    Raises:
        NotFound; PreconditionFailedException.
    """

    def write() -> None:
        user, held = _locked(call, pk)
        if user.known_id is None:
            raise not_found(pk)
        drop_association(call.client, user, actor=call.actor)
        if user.default_origin == call.actor.origin:
            delete_user(user, actor=call.actor, held=held)
        else:
            call.notes.add("kept", "lifecycle")

    attempt(write)


def not_found(pk: object) -> NotFound:
    """There is no such person for this client."""
    return NotFound("user_not_found", _("There is no user %(id)s.") % {"id": pk})


def _read(call: Call, payload: Form, context: Context) -> Form:
    return read_resource(user_model(), call.tolerance.resource(payload), context, call.profile, call.notes)


def _locked(call: Call, pk: UUID) -> tuple[Any, Held]:
    """The person, if the client may reach it; locked, so that what is computed from it holds when it is written."""
    known = find_known(call.client, pk)
    held = hold_users([pk]) if known else None
    if known is None or held is None or pk not in held.users or held.users[pk].deleted_at is not None:
        raise not_found(pk)
    user: Any = held.users[pk]
    user.known_id, user.external_id = known
    check_if_match(call.if_match, user_tag(user.version, user.external_id))
    return user, held


def _patchable(form: Form, external_id: str | None) -> Form:
    """What a PATCH works on. Without `active`: it is not the client's to compute with, only to assert."""
    kept = {name: value for name, value in form.items() if name not in ("active", "meta")}
    return kept | ({"externalId": external_id} if external_id else {})


def _without_emptied(after: UserArguments, message: Any) -> UserArguments:
    """Without the entries whose value an operation on parts took away: the type that is left says nothing by itself."""
    paths = [operation.path.parts for operation in message.operations if operation.path is not None]
    in_parts = {parts[0].lower() for parts in paths if len(parts) > 1}
    told = {
        name: [row for row in rows if row["value"] or row["data"] or name.lower() not in in_parts]
        for name, rows in after.multi_values.items()
    }
    return replace_fields(after, multi_values=told)


def _has_nothing_left(cleaned: Form, payload: Form) -> bool:
    operations = [
        [value for name, value in each.items() if name.lower() == "operations"] for each in (cleaned, payload)
    ]
    return operations[0] == [[]] and operations[1] != [[]]


def _difference(before: UserArguments, after: UserArguments) -> _Difference:
    gone = before.external_id is not None and after.external_id is None
    external_id = "" if gone else after.external_id
    return _Difference(
        {name: value for name, value in after.changes.items() if value != before.changes.get(name)},
        {name: rows for name, rows in after.multi_values.items() if rows != before.multi_values.get(name)},
        after.active,
        None if external_id == before.external_id else external_id,
    )


def _may_put(call: Call, user: User, name: str, value: Any) -> bool:
    """Whether a PUT speaks of the value: it gives one, or leaves out one that the client owns."""
    if not is_empty(value):
        return True
    column = {"manager": "manager_id"}.get(name, name)
    now = user.custom.get(name.partition(".")[2]) if name.startswith("custom.") else getattr(user, column)
    return owner_of(name, now, user.owners, user.default_origin) == call.actor.origin


def _apply(call: Call, user: Any, difference: _Difference, held: Held, *, refuse: bool) -> None:
    _know(call, user, difference.external_id)
    if difference.changes or difference.multi_values:
        _check_manager(call, difference.changes.get("manager"))
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
