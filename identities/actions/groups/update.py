"""Changing groups, as far as ownership allows."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from identities.actions.batches import each, in_chunks, one
from identities.actions.groups.arguments import GroupUpdate, GroupUpdateResult
from identities.actions.groups.values import clean
from identities.actions.groups.writing import (
    Differences,
    GroupChange,
    Names,
    group_id_of,
    lock_groups,
    present,
    tell_of_groups,
    write_groups,
)
from identities.actions.users.arguments import Mode
from identities.actors import Actor
from identities.errors import IdentityError, ValueOwned, VersionMismatch
from identities.models import Group
from identities.rules.ownership import may_write, owner_of, owners_after_write
from identities.vocabulary import EventKind, Verb


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
    return one(update_groups_many([GroupUpdate(group, changes, mode, if_version)], actor=actor))


def update_groups_many(updates: Sequence[GroupUpdate], *, actor: Actor) -> list[GroupUpdateResult | IdentityError]:
    """Change many groups, each of which may appear once, in transactions of at most `CHUNK`; what `update_group` would
    raise stands in the place of the result.
    """
    return in_chunks(partial(_update, actor), updates)


def _update(actor: Actor, updates: Sequence[GroupUpdate]) -> list[GroupUpdateResult | IdentityError]:
    locked = lock_groups([group_id_of(update.group) for update in updates])
    names = Names.holding(update.changes.get("display_name") for update in updates)
    changes: list[GroupChange] = []

    def step(update: GroupUpdate) -> GroupUpdateResult:
        cleaned = {name: clean(name, value) for name, value in update.changes.items()}
        group = present(locked, group_id_of(update.group))
        if update.if_version is not None and update.if_version != group.version:
            message = _("This group has been changed by somebody else in the meantime.")
            raise VersionMismatch("version_mismatch", message, version=group.version)
        differences, kept = _put(group, cleaned, actor, update.mode, names)
        if differences:
            changes.append(GroupChange(group, Verb.GROUP_CHANGED, EventKind.GROUP_CHANGED, differences))
        return GroupUpdateResult(group, tuple(differences), kept)

    results = each(step, updates)
    columns = {"owners", *(name for change in changes for name in change.differences)}
    write_groups([change.group for change in changes], columns)
    tell_of_groups(changes, actor=actor)
    return results


def _put(
    group: Group, cleaned: Mapping[str, str], actor: Actor, mode: Mode, names: Names
) -> tuple[Differences, tuple[str, ...]]:
    differences: Differences = {}
    kept: dict[str, str] = {}
    for name, value in cleaned.items():
        before = getattr(group, name)
        if before == value:
            continue
        owner = owner_of(name, before, group.owners, group.default_origin)
        if may_write(actor.origin, owner):
            setattr(group, name, value)
            group.owners = owners_after_write(name, value, group.owners, group.default_origin, actor.origin)
            differences[name] = (before, value)
        else:
            kept[name] = owner
    if kept and mode == "refuse":
        name, owner = next(iter(kept.items()))
        message = _("%(name)s belongs to %(owner)s.") % {"name": name, "owner": owner}
        raise ValueOwned("value_owned", message, field=name, owner=owner)
    if "display_name" in differences:
        # Last: a change refused for another reason takes no name from anybody.
        names.take(group)
    return differences, tuple(kept)
