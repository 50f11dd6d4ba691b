"""Who belongs in a system: its filter, and the groups and org units assigned to it.

One place for the set (a condition for the database) that fanout, pushes and previews ask for; Explain evaluates the
same filter in memory, clause by clause.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from connectors.engine.subject_rows import rows_of
from connectors.models import ConnectedSystem
from connectors.vocabulary import OrgUnitProvisioning
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.models import Group, Membership, User
from identities.queries.recursion import groups_below, parents_above, units_below
from identities.vocabulary import ObjectType, UserKind


def people_in_scope(system: ConnectedSystem) -> "QuerySet[User]":
    """The persons who belong in the system, whatever their state; deleted ones do not.

    Raises:
        RuleViolation: the stored filter can no longer be read.
    """
    return User.objects.filter(people_q(system))


def groups_in_scope(system: ConnectedSystem) -> "QuerySet[Group]":
    """The groups that belong in the system: none where groups are not provisioned (raises as `people_in_scope`)."""
    return Group.objects.filter(groups_q(system))


def of_type(system: ConnectedSystem, object_type: ObjectType) -> "QuerySet[Any]":
    """The people, groups or org units in scope."""
    return rows_of(object_type).filter(q_of_type(system, object_type))


def q_of_type(system: ConnectedSystem, object_type: ObjectType) -> Q:
    """The condition for people, groups or org units."""
    return _CONDITIONS[object_type](system)


def people_q(system: ConnectedSystem) -> Q:
    """The condition on users that holds for those in scope."""
    condition = Q(kind=UserKind.PERSON, deleted_at__isnull=True)
    if system.scope_filter:
        condition &= to_q(parse(system.scope_filter, "User"))
    return condition & _assigned(system)


def groups_q(system: ConnectedSystem) -> Q:
    """The condition on groups that holds for those in scope."""
    if not system.provisions_groups:
        return Q(pk__in=())
    condition = Q(deleted_at__isnull=True)
    if system.group_filter:
        condition &= to_q(parse(system.group_filter, "Group"))
    return condition


def org_units_q(system: ConnectedSystem) -> Q:
    """The condition on org units that holds for those in scope: all, or those below assigned ones, and, where they are
    places, those on the way there.

    Where groups are assigned too, people may be anywhere, and so all are.
    """
    if system.provisions_org_units == OrgUnitProvisioning.NONE:
        return Q(pk__in=())
    there = Q(deleted_at__isnull=True)
    assigned = list(system.scope_org_units.values_list("pk", "deleted_at"))
    if not assigned or system.scope_groups.exists():
        return there
    present = [pk for pk, deleted_at in assigned if deleted_at is None]
    on_the_way = parents_above(present) if system.provisions_org_units == OrgUnitProvisioning.UNITS else ()
    return there & Q(pk__in=units_below(present) | set(on_the_way))


def _assigned(system: ConnectedSystem) -> Q:
    """In an assigned group or below an assigned org unit.

    An assignment that was deleted lets nobody in, not everybody.
    """
    groups = list(system.scope_groups.values_list("pk", "deleted_at"))
    units = list(system.scope_org_units.values_list("pk", "deleted_at"))
    if not groups and not units:
        return Q()
    below = groups_below([pk for pk, deleted_at in groups if deleted_at is None])
    member = Exists(Membership.objects.filter(user=OuterRef("pk"), group__in=below))
    return Q(member) | Q(org_unit__in=units_below([pk for pk, deleted_at in units if deleted_at is None]))


_CONDITIONS: dict[ObjectType, Callable[[ConnectedSystem], Q]] = {
    ObjectType.USER: people_q,
    ObjectType.GROUP: groups_q,
    ObjectType.ORG_UNIT: org_units_q,
}
