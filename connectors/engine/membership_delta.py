"""Which members a remote group lacks and which it has too many, as a set difference in SQL."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from connectors.engine.membership_source import MembershipSource
from connectors.engine.situation import MemberChange, MembershipDelta
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership
from connectors.vocabulary import OPEN, LinkState
from identities.vocabulary import ObjectType

FEW = 1000
MOST_CHANGES = 2000
"""So many additions, and so many removals, one operation takes on; the next one goes on. Bounds memory and time."""


def membership_delta(
    system: ConnectedSystem, source: MembershipSource, holder: UUID, group_link: Link | None, *, nested: bool
) -> MembershipDelta:
    """The difference between the members a group should have on the system and those known to be there.

    Should be there: everybody in the group, or org unit, who has an account. A member whose account has another
    reference by now (a renamed DN) is removed under the old one and added under the new one. At most `MOST_CHANGES` of
    each kind.

    Args:
        source: where its members come from.
        nested: whether the system lets groups be members of groups; otherwise nested groups are flattened.
    """
    members = _looked_up(source.ids(holder, nested=nested))
    wanted = _linked(system, members)
    there = RemoteMembership.objects.filter(group_link=group_link) if group_link else RemoteMembership.objects.none()
    remove = _stale(there, wanted)
    add = _missing(there, wanted, remove) if group_link else _changes(wanted.order_by("pk"))
    more = MOST_CHANGES in (len(add), len(remove))
    return MembershipDelta(add, remove, pending=_pending(system, members), more=more)


def _stale(there: "QuerySet[RemoteMembership]", wanted: "QuerySet[Link]") -> tuple[MemberChange, ...]:
    """Who is known to be there and should not be, or not under that reference."""
    stale = there.exclude(member_link__in=wanted.values("pk"), reference=F("member_link__reference"))
    stale = stale.exclude(reference="")
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


def differing_groups(
    system: ConnectedSystem, source: MembershipSource, holders: Collection[UUID], *, nested: bool
) -> set[UUID]:
    """Those of these groups, or org units that are groups there, that have an account whose members are not those that
    `membership_delta` wants there.

    Takes a fixed number of statements. Members are counted by the database, but for groups whose nested groups have to
    be flattened: theirs are compared here, because one who is in several of them counts once.
    """
    links = Link.objects.filter(
        system=system, object_type=source.object_type, object_id__in=holders, state=LinkState.LINKED
    )
    if not links:
        return set()
    there, same = _known_members(links, source, nested=nested)
    wanted = source.number_with_account(holders, system, nested=nested)
    holding = set() if nested else source.with_some_below(holders)
    flattened = [link for link in links if link.object_id in holding]
    found = _differing_flattened(system, source, flattened)
    apart = {link.object_id for link in links} - {link.object_id for link in flattened}
    return found | {each for each in apart if len({counts.get(each, 0) for counts in (there, same, wanted)}) > 1}


def _differing_flattened(system: ConnectedSystem, source: MembershipSource, links: Sequence[Link]) -> set[UUID]:
    """Those of the linked groups that have other members, under this reference, than they and the groups below hold."""
    if not links:
        return set()
    below = source.below_each([link.object_id for link in links])
    members: dict[UUID, set[int]] = defaultdict(set)
    for holder, link_id in source.accounts(set().union(*below.values()), system):
        members[holder].add(link_id)
    known: dict[UUID, set[int | None]] = defaultdict(set)
    there = _known(links).annotate(member=Case(When(reference=F("member_link__reference"), then=F("member_link_id"))))
    for holder, member in there.values_list("group_link__object_id", "member").iterator():
        known[holder].add(member)
    return {root for root, groups in below.items() if known[root] != set().union(*(members[each] for each in groups))}


def _known(links: "Collection[Link] | QuerySet[Link]") -> "QuerySet[RemoteMembership]":
    """What is known to be there; whoever stands there without a reference has left."""
    return RemoteMembership.objects.filter(group_link__in=links).exclude(reference="")


def _known_members(
    links: "QuerySet[Link]", source: MembershipSource, *, nested: bool
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """By group, how many members are known to be there, and how many of them are wanted, under this reference."""
    there = _known(links)
    current = there.filter(
        source.is_wanted(nested=nested),
        member_link__state=LinkState.LINKED,
        member_link__reference__gt="",
        reference=F("member_link__reference"),
    )
    return _counted(there), _counted(current)


def _counted(rows: "QuerySet[RemoteMembership]") -> dict[UUID, int]:
    return dict(rows.order_by().values_list("group_link__object_id").annotate(number=Count("pk")))


def _linked(system: ConnectedSystem, members: "dict[ObjectType, QuerySet[Any]]") -> "QuerySet[Link]":
    return Link.objects.filter(_of(members), system=system, state=LinkState.LINKED).exclude(reference="")


def _pending(system: ConnectedSystem, members: "dict[ObjectType, QuerySet[Any]]") -> int:
    """Members whose account is being made: work is open for them, and there is no account yet."""
    linked = _linked(system, members).filter(object_type=OuterRef("object_type"), object_id=OuterRef("object_id"))
    work = Operation.objects.filter(_of(members), ~Exists(linked), system=system, state__in=OPEN)
    return work.values("object_type", "object_id").distinct().count()


def _of(members: "dict[ObjectType, Any]") -> Q:
    found = Q(pk__in=())
    for object_type, ids in members.items():
        found |= Q(object_type=object_type, object_id__in=ids)
    return found


def _looked_up(members: "dict[ObjectType, QuerySet[Any]]") -> "dict[ObjectType, Any]":
    """The ids themselves where they are few: asked for by two queries, a database looks at every link there is."""
    found: dict[ObjectType, Any] = {}
    for object_type, ids in members.items():
        some = [each for row in ids[: FEW + 1] for each in row.values()]
        found[object_type] = ids if len(some) > FEW else some
    return found
