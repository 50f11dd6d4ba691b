"""Who belongs in the groups of a system: the members of a group, or the people of an org unit that is a group there.

Where a system knows no nesting, what is below counts as well.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from connectors.models import ConnectedSystem
from connectors.vocabulary import LinkState
from identities.models import Membership, OrgUnit, User
from identities.queries.recursion import groups_below, groups_below_each, units_below, units_below_each
from identities.vocabulary import ObjectType


class MembershipSource(Protocol):
    """Where the members of one kind of object come from.

    Attributes:
        object_type: whose members they are.
    """

    object_type: ObjectType

    def ids(self, holder: UUID, *, nested: bool) -> "dict[ObjectType, QuerySet[Any]]":
        """The ids of everything that should be in it, by type, as query sets."""

    def is_wanted(self, *, nested: bool) -> Q:
        """The condition on rows of `RemoteMembership` whose member is a direct one here."""

    def number_with_account(
        self, holders: Collection[UUID], system: ConnectedSystem, *, nested: bool
    ) -> dict[UUID, int]:
        """By holder, how many direct members have an account on the system; nothing for those without any."""

    def with_some_below(self, holders: Collection[UUID]) -> set[UUID]:
        """Those that hold others of their kind."""

    def below_each(self, holders: Collection[UUID]) -> dict[UUID, set[UUID]]:
        """For each, itself and every one below it."""

    def accounts(self, holders: Collection[UUID], system: ConnectedSystem) -> Iterator[tuple[UUID, int]]:
        """Holder and link of every person directly in one of them who has an account on the system."""


class GroupMembers:
    """The members of groups."""

    object_type = ObjectType.GROUP

    def ids(self, holder: UUID, *, nested: bool) -> "dict[ObjectType, QuerySet[Any]]":
        within = [holder] if nested else groups_below([holder])
        memberships = Membership.objects.filter(group__in=within, group__deleted_at__isnull=True)
        users = memberships.filter(user__isnull=False, user__deleted_at__isnull=True)
        found: dict[ObjectType, QuerySet[Any]] = {ObjectType.USER: users.values("user_id")}
        if nested:
            groups = memberships.filter(member_group__isnull=False, member_group__deleted_at__isnull=True)
            found[ObjectType.GROUP] = groups.values("member_group_id")
        return found

    def is_wanted(self, *, nested: bool) -> Q:
        direct = Membership.objects.filter(group_id=OuterRef("group_link__object_id"))
        users = Q(Exists(direct.filter(user_id=OuterRef("member_link__user_id"), user__deleted_at__isnull=True)))
        of_group = {"member_group_id": OuterRef("member_link__group_id"), "member_group__deleted_at__isnull": True}
        return users | Q(Exists(direct.filter(**of_group))) if nested else users

    def number_with_account(
        self, holders: Collection[UUID], system: ConnectedSystem, *, nested: bool
    ) -> dict[UUID, int]:
        members = ("user", "member_group") if nested else ("user",)
        rows = Membership.objects.filter(group__in=holders)
        return _sums(_counted(rows.filter(**_with_account(each, system)), "group_id") for each in members)

    def with_some_below(self, holders: Collection[UUID]) -> set[UUID]:
        holding = Membership.objects.filter(group__in=holders, member_group__deleted_at__isnull=True)
        return set(holding.filter(member_group__isnull=False).values_list("group_id", flat=True))

    def below_each(self, holders: Collection[UUID]) -> dict[UUID, set[UUID]]:
        return groups_below_each(holders)

    def accounts(self, holders: Collection[UUID], system: ConnectedSystem) -> Iterator[tuple[UUID, int]]:
        memberships = Membership.objects.filter(
            group__in=holders, group__deleted_at__isnull=True, **_with_account("user", system)
        )
        return memberships.values_list("group_id", "user__links__pk").iterator()


class UnitMembers:
    """The people and the units in org units."""

    object_type = ObjectType.ORG_UNIT

    def ids(self, holder: UUID, *, nested: bool) -> "dict[ObjectType, QuerySet[Any]]":
        within = [holder] if nested else units_below([holder])
        users = User.objects.get_queryset().filter(org_unit__in=within, deleted_at__isnull=True)
        found: dict[ObjectType, QuerySet[Any]] = {ObjectType.USER: users.order_by().values("pk")}
        if nested:
            units = OrgUnit.objects.without_tree_fields().filter(parent=holder, deleted_at__isnull=True)
            found[ObjectType.ORG_UNIT] = units.order_by().values("pk")
        return found

    def is_wanted(self, *, nested: bool) -> Q:
        of_unit = OuterRef("group_link__object_id")
        people = User.objects.get_queryset().filter(pk=OuterRef("member_link__user_id"), org_unit_id=of_unit)
        units = OrgUnit.objects.without_tree_fields().filter(pk=OuterRef("member_link__org_unit_id"), parent_id=of_unit)
        found = Q(Exists(people.filter(deleted_at__isnull=True)))
        return found | Q(Exists(units.filter(deleted_at__isnull=True))) if nested else found

    def number_with_account(
        self, holders: Collection[UUID], system: ConnectedSystem, *, nested: bool
    ) -> dict[UUID, int]:
        account = _with_account("", system)
        counts = [_counted(User.objects.get_queryset().filter(org_unit__in=holders, **account), "org_unit_id")]
        if nested:
            units = OrgUnit.objects.without_tree_fields().filter(parent__in=holders, **account)
            counts.append(_counted(units, "parent_id"))
        return _sums(counts)

    def with_some_below(self, holders: Collection[UUID]) -> set[UUID]:
        below = OrgUnit.objects.without_tree_fields().filter(parent__in=holders, deleted_at__isnull=True)
        return set(below.order_by().values_list("parent_id", flat=True))

    def below_each(self, holders: Collection[UUID]) -> dict[UUID, set[UUID]]:
        return units_below_each(holders)

    def accounts(self, holders: Collection[UUID], system: ConnectedSystem) -> Iterator[tuple[UUID, int]]:
        people = User.objects.get_queryset().filter(org_unit__in=holders, **_with_account("", system))
        return people.order_by().values_list("org_unit_id", "links__pk").iterator()


_SOURCES: dict[ObjectType, MembershipSource] = {each.object_type: each for each in (GroupMembers(), UnitMembers())}


def members_of(object_type: ObjectType) -> MembershipSource:
    """Where the members of groups, or of org units that are groups, come from."""
    return _SOURCES[object_type]


def _with_account(member: str, system: ConnectedSystem) -> dict[str, object]:
    """The conditions on rows whose member, under this name (empty: the row itself), has an account on the system."""
    prefix = f"{member}__" if member else ""
    return {
        f"{prefix}deleted_at__isnull": True,
        f"{prefix}links__system": system,
        f"{prefix}links__state": LinkState.LINKED,
        f"{prefix}links__reference__gt": "",
    }


def _counted(rows: "QuerySet[Any]", by: str) -> dict[UUID, int]:
    return dict(rows.order_by().values_list(by).annotate(number=Count("pk")))


def _sums(counts: Iterable[dict[UUID, int]]) -> dict[UUID, int]:
    found: dict[UUID, int] = defaultdict(int)
    for each in counts:
        for holder, number in each.items():
            found[holder] += number
    return found
