"""What lies in an org unit on systems where a reference ends with that of the unit an object lies in, as a DN does.

A unit that is renamed or moved changes the references of everything below it with one call, and one with something
below it cannot be removed.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Length, Substr

from connectors.engine.dependents import Dependents, in_work
from connectors.models import ConnectedSystem, Link, RemoteMembership
from connectors.vocabulary import LinkState
from identities.actions.chunks import chunks
from identities.models import User
from identities.vocabulary import ObjectType


def links_below(system: ConnectedSystem, reference: str) -> "QuerySet[Link]":
    """The links whose remote object lies somewhere below this one."""
    linked = Link.objects.filter(system=system, state=LinkState.LINKED)
    return linked.filter(reference__iendswith=f",{reference}")


def follow_move(system: ConnectedSystem, before: str, after: str) -> Dependents:
    """Rewrite the references of everything below a unit that has another one now.

    Returns:
        Whom that concerns: everything below, the groups that hold any of it, the people it manages, and whatever is
        being converged at this moment and may have read a reference of before.
    """
    below = links_below(system, before)
    moved = list(below.values_list("pk", "object_type", "object_id"))
    for column in ("remote_name", "reference"):  # the reference last: it says what lies below
        own = Substr(column, 1, Length(column) - len(before))
        below.filter(**{f"{column}__iendswith": f",{before}"}).update(**{column: Concat(own, Value(after))})
    if not moved:
        return ()
    follow_rename([link for link, _, _ in moved])
    concerned = {(ObjectType(kind), object_id) for _, kind, object_id in moved} | _in_work(system)
    # By keys, one table at a time: joined, a database may look through all of one for each of the other.
    concerned |= _holding([link for link, _, _ in moved])
    people = [object_id for _, kind, object_id in moved if kind == ObjectType.USER]
    return tuple(concerned | {(ObjectType.USER, user) for user in _reports(system, people)})


def follow_rename(links: Sequence[int]) -> None:
    """Groups that these have left may hold them under their new references: those that are known without one."""
    for some in chunks(links):
        left = RemoteMembership.objects.filter(member_link__in=some, reference="")
        present = Link.objects.filter(pk=OuterRef("member_link")).values("reference")
        left.update(reference=Subquery(present))


def wait_for_leaving(system: ConnectedSystem, reference: str) -> Dependents:
    """The units above this reference that wait until nothing lies below them, and those being converged now."""
    waiting = Link.objects.filter(
        system=system, object_type=ObjectType.ORG_UNIT, state=LinkState.LINKED, unresolved__gt=0
    ).exclude(reference="")
    units = in_work(system, ObjectType.ORG_UNIT)
    lower = reference.casefold()
    found = waiting.values_list("object_id", "reference")
    units |= {object_id for object_id, above in found if lower.endswith(f",{above.casefold()}")}
    return tuple((ObjectType.ORG_UNIT, object_id) for object_id in units)


def _holding(links: Sequence[int]) -> set[tuple[ObjectType, UUID]]:
    """The groups that are known to hold these."""
    found: set[tuple[ObjectType, UUID]] = set()
    for some in chunks(links):
        holding = RemoteMembership.objects.filter(member_link__in=some).order_by()
        holders = holding.values_list("group_link__object_type", "group_link__object_id").distinct()
        found |= {(ObjectType(kind), holder) for kind, holder in holders}
    return found


def _reports(system: ConnectedSystem, people: Sequence[UUID]) -> set[UUID]:
    """Those with an account whom these people manage."""
    found: set[UUID] = set()
    for managers in chunks(people):
        reports = User.objects.get_queryset().filter(manager__in=managers)
        for some in chunks(list(reports.order_by().values_list("pk", flat=True))):
            linked = Link.objects.filter(system=system, state=LinkState.LINKED, object_type=ObjectType.USER)
            found |= set(linked.filter(object_id__in=some).values_list("object_id", flat=True))
    return found


def _in_work(system: ConnectedSystem) -> set[tuple[ObjectType, UUID]]:
    return {(kind, object_id) for kind in ObjectType for object_id in in_work(system, kind)}
