"""Deleting and restoring groups. A deleted group keeps its memberships, and gives up its name."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from django.utils import timezone

from identities import audit
from identities.actions.batches import each, in_chunks, one
from identities.actions.groups.writing import (
    GroupChange,
    Names,
    group_id_of,
    lock_with_parents,
    not_found,
    parents_of,
    tell_of_groups,
    touch_groups,
    write_groups,
)
from identities.actions.guards import check_lifecycle
from identities.actors import Actor
from identities.errors import IdentityError
from identities.models import Group
from identities.vocabulary import EventKind, GroupKind, Verb

Groups = Sequence[Group | UUID]
# Changes one group; returns whether there was anything to change.
Step = Callable[[Group], bool]


def delete_group(group: Group | UUID, *, actor: Actor) -> Group:
    """Delete a group, restorably; its name is free again.

    Its memberships stay with it. Nothing happens if it is deleted already.

    Raises:
        NotFound; NotPermitted `lifecycle_owned`.
    """
    return one(delete_groups_many([group], actor=actor))


def delete_groups_many(groups: Groups, *, actor: Actor) -> list[Group | IdentityError]:
    """`delete_group` for many, set-based; refusals stand in the place of the group."""
    return in_chunks(partial(_delete, actor), groups)


def restore_group(group: Group | UUID, *, actor: Actor) -> Group:
    """Bring a deleted group back with its members. Nothing happens if it is not deleted.

    Raises:
        NotFound; NotPermitted `lifecycle_owned`; Conflict `group_name_taken`.
    """
    return one(restore_groups_many([group], actor=actor))


def restore_groups_many(groups: Groups, *, actor: Actor) -> list[Group | IdentityError]:
    """`restore_group` for many, set-based; refusals stand in the place of the group."""
    return in_chunks(partial(_restore, actor), groups)


def _delete(actor: Actor, groups: Groups) -> list[Group | IdentityError]:
    locked = lock_with_parents([group_id_of(group) for group in groups])

    def step(group: Group) -> bool:
        if group.deleted_at is not None:
            return False
        check_lifecycle(group.default_origin, actor)
        group.deleted_at = timezone.now()
        return True

    return _change(groups, locked, step, Verb.GROUP_DELETED, EventKind.GROUP_DELETED, actor)


def _restore(actor: Actor, groups: Groups) -> list[Group | IdentityError]:
    locked = lock_with_parents([group_id_of(group) for group in groups])
    names = Names.holding(group.display_name for group in locked.values())

    def step(group: Group) -> bool:
        if group.deleted_at is None:
            return False
        check_lifecycle(group.default_origin, actor)
        names.take(group)
        group.deleted_at = None
        if group.kind == GroupKind.DYNAMIC:
            group.recompute_at = timezone.now()
        return True

    return _change(groups, locked, step, Verb.GROUP_RESTORED, EventKind.GROUP_RESTORED, actor)


def _change(
    groups: Groups, locked: dict[UUID, Group], step: Step, verb: Verb, event: EventKind, actor: Actor
) -> list[Group | IdentityError]:
    changed: list[Group] = []

    def decide(group: Group | UUID) -> Group:
        found = locked.get(group_id_of(group))
        if found is None:
            raise not_found(group_id_of(group))
        if step(found):
            changed.append(found)
        return found

    results = each(decide, groups)
    if changed:
        parents = parents_of(changed)
        touch_groups({parent for above in parents.values() for parent in above})
        # Last: PostgreSQL locks a row whose name changes against everybody who refers to it, as a commit of new
        # members does while it holds the group they are put in.
        write_groups(changed, {"deleted_at", "recompute_at"})
        tell_of_groups([_told(group, verb, event, parents[group.pk]) for group in changed], actor=actor)
    return results


def _told(group: Group, verb: Verb, event: EventKind, parents: Sequence[UUID]) -> GroupChange:
    differences = {"deleted_at": (None, audit.plain(group.deleted_at))}
    return GroupChange(group, verb, event, differences, parents, urgent=event == EventKind.GROUP_DELETED)
