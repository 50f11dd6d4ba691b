"""Which members a remote group lacks and which it has too many, as a set difference in SQL."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from connectors.engine.situation import MemberChange, MembershipDelta
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership
from connectors.vocabulary import OPEN, LinkState
from identities.models import Membership
from identities.queries.recursion import groups_below, groups_below_each
from identities.vocabulary import ObjectType

MOST_CHANGES = 2000
"""So many additions, and so many removals, one operation takes on; the next one goes on. Bounds memory and time."""


def membership_delta(
    system: ConnectedSystem, group_id: UUID, group_link: Link | None, *, nested: bool
) -> MembershipDelta:
    """The difference between the members a group should have on the system and those known to be there.

    Should be there: everybody in the group who has an account. A member whose account has another reference by now
    (a renamed DN) is removed under the old one and added under the new one. At most `MOST_CHANGES` of each kind.

    Args:
        nested: whether the system lets groups be members of groups; otherwise nested groups are flattened.
    """
    members = _members(group_id, nested=nested)
    wanted = _linked(system, members)
    there = RemoteMembership.objects.filter(group_link=group_link) if group_link else RemoteMembership.objects.none()
    remove = _stale(there, wanted)
    add = _missing(there, wanted, remove) if group_link else _changes(wanted.order_by("pk"))
    more = MOST_CHANGES in (len(add), len(remove))
    return MembershipDelta(add, remove, pending=_pending(system, members), more=more)


def _stale(there: "QuerySet[RemoteMembership]", wanted: "QuerySet[Link]") -> tuple[MemberChange, ...]:
    """Who is known to be there and should not be, or not under that reference."""
    stale = there.exclude(member_link__in=wanted.values("pk"), reference=F("member_link__reference"))
    shared = Exists(wanted.filter(reference=OuterRef("reference")))
    taken = Exists(wanted.filter(reference=OuterRef("member_link__reference")))
    present = Case(When(taken, then=Value("")), default=F("member_link__reference"))
    columns = ("member_link_id", "reference", "member_link__object_name", "shared", "present")
    rows = stale.annotate(shared=shared, present=present).order_by("pk").values_list(*columns)
    return tuple(MemberChange(*row) for row in rows[:MOST_CHANGES])


def _missing(
    there: "QuerySet[RemoteMembership]", wanted: "QuerySet[Link]", remove: tuple[MemberChange, ...]
) -> tuple[MemberChange, ...]:
    """Who should be there and is not, or not under this reference: these first, so that they are not out for long."""
    of_member = there.filter(member_link=OuterRef("pk"))
    missing = wanted.exclude(Exists(of_member.filter(reference=OuterRef("reference"))))
    if len(remove) == MOST_CHANGES:  # nobody is added under a new reference before the old one can be removed
        missing = missing.filter(pk__in=[each.link_id for each in remove])
    return _changes(missing.order_by(Exists(of_member).desc(), "pk"))


def _changes(links: "QuerySet[Link]") -> tuple[MemberChange, ...]:
    return tuple(MemberChange(*row) for row in links.values_list("pk", "reference", "object_name")[:MOST_CHANGES])


def differing_groups(system: ConnectedSystem, group_ids: Collection[UUID], *, nested: bool) -> set[UUID]:
    """Those of these groups that have an account whose members are not those `membership_delta` wants there.

    Takes a fixed number of statements. Members are counted by the database, but for groups whose nested groups have to
    be flattened: theirs are compared here, because one who is in several of them counts once.
    """
    links = Link.objects.filter(
        system=system, object_type=ObjectType.GROUP, object_id__in=group_ids, state=LinkState.LINKED
    )
    if not links:
        return set()
    there, same = _known_members(links, nested=nested)
    wanted = _wanted_members(system, group_ids, nested=nested)
    holding = set() if nested else _holding_groups(group_ids)
    flattened = [link for link in links if link.object_id in holding]
    found = _differing_flattened(system, flattened)
    apart = {link.object_id for link in links} - {link.object_id for link in flattened}
    return found | {each for each in apart if len({counts.get(each, 0) for counts in (there, same, wanted)}) > 1}


def _differing_flattened(system: ConnectedSystem, links: Sequence[Link]) -> set[UUID]:
    """Those of the linked groups that have other members, under this reference, than they and the groups below hold."""
    if not links:
        return set()
    below = groups_below_each([link.object_id for link in links])
    members: dict[UUID, set[int]] = defaultdict(set)
    memberships = Membership.objects.filter(
        group__in=set().union(*below.values()), group__deleted_at__isnull=True, **_with_account("user", system)
    )
    for group_id, link_id in memberships.values_list("group_id", "user__links__pk").iterator():
        members[group_id].add(link_id)
    known: dict[UUID, set[int | None]] = defaultdict(set)
    there = RemoteMembership.objects.filter(group_link__in=links).annotate(
        member=Case(When(reference=F("member_link__reference"), then=F("member_link_id")))
    )
    for group_id, link_id in there.values_list("group_link__object_id", "member").iterator():
        known[group_id].add(link_id)
    return {root for root, groups in below.items() if known[root] != set().union(*(members[each] for each in groups))}


def _known_members(links: "QuerySet[Link]", *, nested: bool) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """By group, how many members are known to be there, and how many of them are wanted, under this reference."""
    direct = Membership.objects.filter(group_id=OuterRef("group_link__object_id"))
    users = direct.filter(user_id=OuterRef("member_link__user_id"), user__deleted_at__isnull=True)
    is_wanted: Any = Exists(users)
    if nested:
        groups = direct.filter(member_group_id=OuterRef("member_link__group_id"), member_group__deleted_at__isnull=True)
        is_wanted |= Exists(groups)
    there = RemoteMembership.objects.filter(group_link__in=links)
    current = there.filter(
        is_wanted,
        member_link__state=LinkState.LINKED,
        member_link__reference__gt="",
        reference=F("member_link__reference"),
    )
    return _counted(there, "group_link__object_id"), _counted(current, "group_link__object_id")


def _wanted_members(system: ConnectedSystem, group_ids: Collection[UUID], *, nested: bool) -> dict[UUID, int]:
    """By group, how many direct members have an account."""
    found: dict[UUID, int] = {}
    for member in ("user", "member_group") if nested else ("user",):
        rows = Membership.objects.filter(group__in=group_ids, **_with_account(member, system))
        for group_id, number in _counted(rows, "group_id").items():
            found[group_id] = found.get(group_id, 0) + number
    return found


def _with_account(member: str, system: ConnectedSystem) -> dict[str, object]:
    """The conditions on a membership whose member, under this name, has an account on the system."""
    return {
        f"{member}__deleted_at__isnull": True,
        f"{member}__links__system": system,
        f"{member}__links__state": LinkState.LINKED,
        f"{member}__links__reference__gt": "",
    }


def _holding_groups(group_ids: Collection[UUID]) -> set[UUID]:
    holding = Membership.objects.filter(group__in=group_ids, member_group__deleted_at__isnull=True)
    return set(holding.filter(member_group__isnull=False).values_list("group_id", flat=True))


def _counted(rows: "QuerySet[Any]", by: str) -> dict[UUID, int]:
    return dict(rows.order_by().values_list(by).annotate(number=Count("pk")))


def _members(group_id: UUID, *, nested: bool) -> "dict[ObjectType, QuerySet[Any]]":
    """The ids of the users and groups that should be members, as query sets."""
    within = [group_id] if nested else groups_below([group_id])
    memberships = Membership.objects.filter(group__in=within, group__deleted_at__isnull=True)
    users = memberships.filter(user__isnull=False, user__deleted_at__isnull=True)
    found = {ObjectType.USER: users.values("user_id")}
    if nested:
        groups = memberships.filter(member_group__isnull=False, member_group__deleted_at__isnull=True)
        found[ObjectType.GROUP] = groups.values("member_group_id")
    return found


def _linked(system: ConnectedSystem, members: "dict[ObjectType, QuerySet[Any]]") -> "QuerySet[Link]":
    return Link.objects.filter(_of(members), system=system, state=LinkState.LINKED).exclude(reference="")


def _pending(system: ConnectedSystem, members: "dict[ObjectType, QuerySet[Any]]") -> int:
    """Members whose account is being made: work is open for them, and there is no account yet."""
    linked = _linked(system, members).filter(object_type=OuterRef("object_type"), object_id=OuterRef("object_id"))
    work = Operation.objects.filter(_of(members), ~Exists(linked), system=system, state__in=OPEN)
    return work.values("object_type", "object_id").distinct().count()


def _of(members: "dict[ObjectType, QuerySet[Any]]") -> Q:
    found = Q()
    for object_type, ids in members.items():
        found |= Q(object_type=object_type, object_id__in=ids)
    return found
