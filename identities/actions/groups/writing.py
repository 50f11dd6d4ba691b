"""What every action on groups shares: locking, names, stored text, telling."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.row_writing import update_rows
from identities.actions.telling import tell_all
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, NotFound
from identities.models import Group, Membership
from identities.outbox import Announcement
from identities.queries.compiled import Among, CompiledObjects, Several
from identities.queries.statements import stamp_groups
from identities.representation import RENDERING_VERSION, group_stored_text
from identities.rules.naming import keys_of
from identities.vocabulary import EventKind, ObjectType, Verb

Differences = dict[str, tuple[Any, Any]]
_ALWAYS = frozenset({"version", "modified_at", "scim_text", "rendering_version"})


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What happened to one group: for the audit trail and the change event.

    Attributes:
        parents: the groups that hold it, where its members change with it.
    """

    group: Group
    verb: Verb
    event: EventKind
    differences: Differences
    parents: Sequence[UUID] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Who has which name, folded: the groups there are, and those of the same batch that took one before."""

    holders: dict[str | None, UUID]

    @classmethod
    def holding(cls, names: Iterable[object]) -> "Names":
        """Of these names, in one statement; none if there are no names."""
        rows = Group.objects.filter(display_name_key__in=keys) if (keys := keys_of(names)) else Group.objects.none()
        return cls(dict(rows.values_list("display_name_key", "pk")))

    def take(self, group: Group) -> None:
        """Give the group its name (raises Conflict `group_name_taken`)."""
        if self.holders.setdefault(fold(group.display_name), group.pk) != group.pk:
            message = _("The group name %(name)s is taken.") % {"name": group.display_name}
            raise Conflict("group_name_taken", message, field="display_name", display_name=group.display_name)


def group_id_of(group: Group | UUID) -> UUID:
    """The id of a group given as object or id."""
    return group.pk if isinstance(group, Group) else group


def lock_groups(groups: Collection[UUID]) -> dict[UUID, Group]:
    """The groups with these ids, deleted or not, locked in the order of their ids."""
    return {group.pk: group for group in _locked_groups().objects(groups=list(groups))}


@cache
def _locked_groups() -> CompiledObjects:
    among = Several()
    groups = Group.objects.select_for_update(no_key=True).filter(Among("pk", among)).order_by("pk")
    return CompiledObjects(groups, {"groups": among})


def lock_group(group: Group | UUID) -> Group:
    """The group's row, locked. Raises NotFound, code `group_not_found`, also for a deleted one."""
    pk = group_id_of(group)
    return present(lock_groups([pk]), pk)


def lock_with_parents(groups: Collection[UUID]) -> dict[UUID, Group]:
    """These groups, deleted or not, locked together with the groups that hold them, all in the order of their ids:
    a group and the one it is in, deleted at the same moment, must not wait for each other.
    """
    parents = Membership.objects.filter(member_group_id__in=groups).values("group_id")
    locked = Group.objects.select_for_update(no_key=True).filter(Q(pk__in=groups) | Q(pk__in=parents)).order_by("pk")
    wanted = set(groups)
    return {group.pk: group for group in locked if group.pk in wanted}


def present(groups: dict[UUID, Group], pk: UUID) -> Group:
    """The group with this id if it exists and is not deleted; raises NotFound, code `group_not_found`."""
    found = groups.get(pk)
    if found is None or found.deleted_at is not None:
        raise not_found(pk)
    return found


def not_found(pk: UUID) -> NotFound:
    """There is no such group."""
    return NotFound("group_not_found", f"There is no group {pk}.", group=str(pk))


def parents_of(groups: Collection[Group]) -> dict[UUID, list[UUID]]:
    """For each of these groups the groups it is a direct member of."""
    parents: dict[UUID, list[UUID]] = {group.pk: [] for group in groups}
    rows = Membership.objects.filter(member_group__in=parents).order_by("group_id")
    for group, parent in rows.values_list("member_group_id", "group_id"):
        if group is not None:
            parents[group].append(parent)
    return parents


def touch_groups(groups: Collection[UUID]) -> None:
    """Count a membership change on each of these groups, which the caller has locked."""
    if groups:
        Group.objects.filter(pk__in=groups).update(membership_version=F("membership_version") + 1)


def render_group(group: Group) -> None:
    """Give the group its time of change and its stored text."""
    group.modified_at = timezone.now()
    group.scim_text = group_stored_text(group)
    group.rendering_version = RENDERING_VERSION


def write_groups(groups: Sequence[Group], columns: set[str]) -> None:
    """Write these columns of locked groups with stored text and version in one UPDATE."""
    for group in groups:
        group.version += 1
        render_group(group)
    update_rows(groups, columns | _ALWAYS)
    if "display_name" in columns:
        stamp_groups(groups=[group.pk for group in groups])


def tell_of_groups(changes: Sequence[GroupChange], *, actor: Actor) -> None:
    """Write the audit entry and the change event of each change."""
    tell_all(
        [audit.AuditRow(change.verb, change.group, change.differences) for change in changes],
        [
            Announcement(
                change.event,
                ObjectType.GROUP,
                change.group.pk,
                tuple(change.differences),
                {"parents": [str(parent) for parent in change.parents]} if change.parents else {},
                change.urgent,
            )
            for change in changes
        ],
        actor=actor,
    )
