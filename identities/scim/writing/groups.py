"""Requests that change groups, turned into actions. Members are changed as sets, never read and written back."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.associations import associate, drop_association
from identities.actions.attempts import attempt
from identities.actions.groups import create_group, delete_group, update_group
from identities.actions.membership_rows import Members, check_static
from identities.actions.memberships import add_members, remove_members, replace_members
from identities.errors import NotFound, NotPermitted, RuleViolation
from identities.filters.parse import parse
from identities.filters.query import selected
from identities.models import Group
from identities.representation import GroupAdapter
from identities.scim.call import Call
from identities.scim.callers.visibility import eyes
from identities.scim.limits import MEMBERS_PER_REQUEST
from identities.scim.reading.asked import lock_group, seen_among
from identities.scim.reading.stored import Made
from identities.scim.schemas.resources import Group as GroupResource
from identities.scim.wire.messages import Form, as_form, as_model, read_patch, read_resource
from identities.scim.wire.parsers import TooLarge
from identities.scim.wire.profiles import policy, tolerates
from identities.scim.wire.versions import group_tag
from identities.scim.writing.group_patch import MemberChanges, Step, check_members, rest_of, split
from identities.vocabulary import GroupKind


def create(call: Call, payload: Form) -> Made:
    """Create the group a POST describes, with its members, and let the client know it.

    Raises:
        Conflict: the name is taken, whether or not the client can see by which group.
        RuleViolation, pydantic.ValidationError: a value is not allowed, or a member is nobody the client can see.
    """
    wanted = GroupAdapter(Group()).from_dict(_read(call, payload, Context.RESOURCE_CREATION_REQUEST))

    def write() -> Made:
        group = create_group(actor=call.actor, display_name=wanted.display_name)
        associate(call.client, group, actor=call.actor, external_id=wanted.external_id, new=True)
        if wanted.members:
            add_members(group, _seen(call, wanted.members), actor=call.actor, held=group)
        return Made(group.pk)

    return attempt(write)


def replace(call: Call, pk: UUID, payload: Form) -> None:
    """Make the group what a PUT says. Members whom others assert stay; without `members` the client withdraws its own.

    Those of a dynamic group are read-only.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = _read(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)

    def write() -> None:
        group = _locked(call, pk)
        wanted = GroupAdapter(group).from_dict(form)
        _write(call, group, wanted.display_name, wanted.external_id, refuse=False)
        if group.kind == GroupKind.DYNAMIC:
            call.notes.add("kept", "members")
        else:
            replace_members(group, _seen(call, wanted.members or ()), actor=call.actor, held=group)

    attempt(write)


def patch(call: Call, pk: UUID, payload: Form) -> None:
    """Apply a PATCH to the group, whole or not at all.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException; Conflict; RuleViolation.
        ValueOwned, or RuleViolation `dynamic_group` for members that a rule asserts: unless the profile tolerates it.
        SCIMException and pydantic.ValidationError for a message that cannot be understood or applied.
    """
    message = read_patch(GroupResource, call.tolerance.patch(payload), call.profile)
    if not tolerates(call.profile, "unknown_attributes"):
        check_members(message)
    changes, others = split(message)

    def write() -> None:
        group = _locked(call, pk)
        rest = rest_of(message, others)
        if rest is not None:
            resource = as_model(GroupResource, _patchable(group))
            rest.patch(resource, scim_policy=policy(call.profile))
            wanted = GroupAdapter(group).from_dict(as_form(resource))
            refuse = not tolerates(call.profile, "owned_values_kept")
            _write(call, group, wanted.display_name, wanted.external_id or "", refuse=refuse)
        _change_members(call, group, changes)

    attempt(write)


def delete(call: Call, pk: UUID) -> None:
    """Take the group out of the client's sight; delete it if the client owns it.

    Raises:
        NotFound; NotPermitted; PreconditionFailedException.
    """

    def write() -> None:
        group = _locked(call, pk)
        drop_association(call.client, group, actor=call.actor)
        if group.default_origin == call.actor.origin:
            delete_group(group, actor=call.actor)
        else:
            call.notes.add("kept", "lifecycle")

    attempt(write)


def not_found(pk: object) -> NotFound:
    """There is no such group for this client."""
    return NotFound("group_not_found", _("There is no group %(id)s.") % {"id": pk})


def _read(call: Call, payload: Form, context: Context) -> Form:
    return read_resource(GroupResource, call.tolerance.resource(payload), context, call.profile, call.notes)


def _locked(call: Call, pk: UUID) -> Any:
    group = lock_group(call.client, pk)
    if group is None:
        raise not_found(pk)
    if group.known_id is None:
        raise NotPermitted("only_seen", _("This client sees the group %(id)s and may not change it.") % {"id": pk})
    call.preconditions.check_write(group_tag(group.version, group.membership_version, group.external_id))
    return group


def _patchable(group: Any) -> Form:
    form = GroupAdapter(group).to_dict()
    del form["meta"]
    return form | ({"externalId": group.external_id} if group.external_id else {})


def _write(call: Call, group: Any, display_name: str, external_id: str | None, *, refuse: bool) -> None:
    if external_id is not None and external_id != group.external_id:
        associate(call.client, group, actor=call.actor, external_id=external_id)
    if display_name != group.display_name:
        changes = {"display_name": display_name}
        result = update_group(group, actor=call.actor, changes=changes, mode="refuse" if refuse else "skip")
        call.note_kept(result.kept)


def _change_members(call: Call, group: Group, changes: MemberChanges) -> None:
    if changes.steps and group.kind == GroupKind.DYNAMIC:
        if not tolerates(call.profile, "owned_values_kept"):
            check_static(group)
        call.notes.add("kept", "members")
        return
    for step in changes.steps:
        match step.kind:
            case "add":
                add_members(group, _seen(call, step.members), actor=call.actor, held=group)
            case "replace":
                replace_members(group, _seen(call, step.members), actor=call.actor, held=group)
            case _:
                _withdraw(call, group, step)


def _withdraw(call: Call, group: Group, step: Step) -> None:
    named = _selected(call, group, step.selection) if step.selection else _uuids(step.members)
    if remove_members(group, named, actor=call.actor, held=group) < len(named):
        # Strangers, or members whom others assert too.
        call.notes.add("kept", "members")


def _selected(call: Call, group: Group, selection: str) -> list[UUID]:
    rows = selected(parse(selection, "Group"), group.pk, eyes(call.client)).values_list("user_id", "member_group_id")
    return [user or member_group for user, member_group in rows]


def _seen(call: Call, members: Iterable[str]) -> Members:
    """The members, if the client sees every one of them (raises RuleViolation)."""
    names = list(dict.fromkeys(members))
    if len(names) > MEMBERS_PER_REQUEST:
        raise TooLarge(f"More than {MEMBERS_PER_REQUEST} members.")
    ids = _uuids(names)
    users, groups = seen_among(call.client, ids) if ids else (set[UUID](), set[UUID]())
    seen = users | groups
    if len(seen) < len(names):
        stranger = next(name for name in names if name not in {str(pk) for pk in seen})
        message = _("There is no user or group %(id)s.") % {"id": stranger[:64]}
        raise RuleViolation("unknown_member", message, field="members")
    return Members(tuple(pk for pk in ids if pk in users), tuple(pk for pk in ids if pk in groups))


def _uuids(texts: Collection[str]) -> list[UUID]:
    """Those texts that are ids as the portal writes them."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
