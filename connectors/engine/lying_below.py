"""What lies in an org unit on systems where a reference ends with that of the unit an object lies in, as a DN does.

A unit that is renamed or moved changes the references of everything below it with one call, and one with something
below it cannot be removed.
"""

from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr

from connectors.engine.dependents import Dependents, in_work
from connectors.models import ConnectedSystem, Link, RemoteMembership
from connectors.vocabulary import LinkState
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
    ids = list(below.values_list("pk", flat=True))
    for column in ("remote_name", "reference"):  # the reference last: it says what lies below
        own = Substr(column, 1, Length(column) - len(before))
        below.filter(**{f"{column}__iendswith": f",{before}"}).update(**{column: Concat(own, Value(after))})
    if not ids:
        return ()
    return tuple(_moved(system, after) | _in_work(system))


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


def _moved(system: ConnectedSystem, after: str) -> set[tuple[ObjectType, UUID]]:
    below = links_below(system, after)
    found = {(ObjectType(kind), object_id) for kind, object_id in below.values_list("object_type", "object_id")}
    holding = RemoteMembership.objects.filter(group_link__system=system, member_link__in=below.values("pk"))
    found |= {(ObjectType.GROUP, group) for group in holding.values_list("group_link__object_id", flat=True).distinct()}
    managed = Link.objects.filter(
        Q(user__manager__in=below.filter(user__isnull=False).values("user")), system=system, state=LinkState.LINKED
    )
    return found | {(ObjectType.USER, user) for user in managed.values_list("object_id", flat=True)}


def _in_work(system: ConnectedSystem) -> set[tuple[ObjectType, UUID]]:
    return {(kind, object_id) for kind in ObjectType for object_id in in_work(system, kind)}
