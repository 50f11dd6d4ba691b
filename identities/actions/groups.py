"""Creating, changing, deleting and restoring groups. Members are the business of `memberships`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.attempts import attempt
from identities.actions.group_writing import (
    Differences,
    group_name_taken,
    lock_group,
    lock_with_parents,
    refused_name,
    render_group,
    tell_of_group,
    touch_parents,
    write_group,
)
from identities.actions.guards import check_lifecycle
from identities.actions.users.arguments import Mode
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import RuleViolation, ValueOwned, VersionMismatch
from identities.models import Group
from identities.rules.naming import check_name, check_text
from identities.rules.ownership import is_empty, may_write, owner_of, owners_after_write
from identities.vocabulary import EventKind, Verb

DESCRIPTION_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class GroupUpdateResult:
    """What an update did: the group as it now stands, what changed, and what was kept because others own it."""

    group: Group
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def create_group(*, actor: Actor, display_name: str, description: str = "", default_origin: str | None = None) -> Group:
    """Create an empty group.

    Raises:
        Conflict: `group_name_taken`, also when two create the same name at the same moment.
        RuleViolation: a text is not allowed.
    """
    group = Group(
        display_name=_clean("display_name", display_name),
        description=_clean("description", description),
        default_origin=default_origin or actor.origin,
        created_at=timezone.now(),
    )
    render_group(group)
    try:
        with transaction.atomic():
            group.save(force_insert=True)
            written = {"display_name": group.display_name, "description": group.description}
            differences = {name: (None, value) for name, value in written.items() if value}
            tell_of_group(group, Verb.GROUP_CREATED, EventKind.GROUP_CREATED, differences, actor=actor)
    except IntegrityError as error:
        raise refused_name(group.display_name, error) from error
    return group


def update_group(
    group: Group | UUID,
    *,
    actor: Actor,
    changes: Mapping[str, Any],
    mode: Mode = "skip",
    if_version: int | None = None,
) -> GroupUpdateResult:
    """Change `display_name` or `description` as far as ownership allows.

    What is not named stays; no difference writes nothing.

    Raises:
        NotFound, VersionMismatch, ValueOwned (mode `refuse`).
        Conflict: `group_name_taken`.
        RuleViolation: a text is not allowed, or the attribute is unknown.
    """
    cleaned = {name: _clean(name, value) for name, value in changes.items()}
    try:
        with transaction.atomic():
            found = lock_group(group)
            if if_version is not None and if_version != found.version:
                message = _("This group has been changed by somebody else in the meantime.")
                raise VersionMismatch("version_mismatch", message, version=found.version)
            differences, kept = _put(found, cleaned, actor, mode)
            if differences:
                write_group(found, {*differences, "owners"})
                tell_of_group(found, Verb.GROUP_CHANGED, EventKind.GROUP_CHANGED, differences, actor=actor)
    except IntegrityError as error:
        raise refused_name(cleaned.get("display_name", ""), error) from error
    return GroupUpdateResult(found, tuple(differences), kept)


def delete_group(group: Group | UUID, *, actor: Actor) -> Group:
    """Delete a group, restorably; its name is free again.

    Its memberships stay with it. Nothing happens if it is deleted already.

    Raises:
        NotFound; NotPermitted `lifecycle_owned`.
    """
    return attempt(partial(_delete, group, actor))


def _delete(group: Group | UUID, actor: Actor) -> Group:
    found = lock_with_parents(group)
    if found.deleted_at is None:
        check_lifecycle(found.default_origin, actor)
        found.deleted_at = timezone.now()
        _write_deletion(found, Verb.GROUP_DELETED, EventKind.GROUP_DELETED, actor, urgent=True)
    return found


def restore_group(group: Group | UUID, *, actor: Actor) -> Group:
    """Bring a deleted group back with its members. Nothing happens if it is not deleted.

    Raises:
        NotFound; NotPermitted `lifecycle_owned`; Conflict `group_name_taken`.
    """
    return attempt(partial(_restore, group, actor))


def _restore(group: Group | UUID, actor: Actor) -> Group:
    found = lock_with_parents(group)
    if found.deleted_at is not None:
        check_lifecycle(found.default_origin, actor)
        if Group.objects.filter(display_name_key=fold(found.display_name)).exists():
            raise group_name_taken(found.display_name)
        found.deleted_at = None
        _write_deletion(found, Verb.GROUP_RESTORED, EventKind.GROUP_RESTORED, actor, urgent=False)
    return found


def _write_deletion(group: Group, verb: Verb, event: EventKind, actor: Actor, *, urgent: bool) -> None:
    parents = touch_parents(group)
    # Last: PostgreSQL locks a row whose name changes against everybody who refers to it, as a commit of new members
    # does while it holds the group they are put in.
    write_group(group, {"deleted_at"})
    differences: Differences = {"deleted_at": (None, audit.plain(group.deleted_at))}
    tell_of_group(group, verb, event, differences, actor=actor, parents=parents, urgent=urgent)


def _put(group: Group, cleaned: Mapping[str, str], actor: Actor, mode: Mode) -> tuple[Differences, tuple[str, ...]]:
    differences: Differences = {}
    kept: list[str] = []
    for name, value in cleaned.items():
        before = getattr(group, name)
        if before == value:
            continue
        owner = owner_of(name, before, group.owners, group.default_origin)
        if may_write(actor.origin, owner):
            setattr(group, name, value)
            group.owners = owners_after_write(name, value, group.owners, group.default_origin, actor.origin)
            differences[name] = (before, value)
        elif mode == "refuse":
            message = _("%(name)s belongs to %(owner)s.") % {"name": name, "owner": owner}
            raise ValueOwned("value_owned", message, field=name, owner=owner)
        else:
            kept.append(name)
    return differences, tuple(kept)


def _clean(name: str, value: Any) -> str:
    if name not in ("display_name", "description"):
        raise RuleViolation("unknown_attribute", f"Groups have no attribute {name}.", field=name)
    if is_empty(value):
        value = ""
    if not isinstance(value, str):
        raise RuleViolation("invalid_value", f"{name} must be a text.", field=name)
    if name == "display_name":
        return check_name(name, value)
    return check_text(name, value, DESCRIPTION_LENGTH, several_lines=True)
