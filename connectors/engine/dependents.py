"""Which other objects of a system follow when the account of one came, went or changed its reference or its name.

They are enqueued in the transaction that writes the link, so that no worker can vanish between the two. That
transaction holds the system's lock, which every claim takes: whoever is claimed before it is seen here, whoever is
claimed after it sees the link.

An object that is being converged at this very moment follows too, linked or not: its worker may have gathered before
the account was written down here, and whatever it writes down about references it waits for comes too late to be read.
"""

from collections.abc import Collection
from functools import cache
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from connectors.engine.queue import enqueue
from connectors.engine.scope import org_units_q
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership
from connectors.models.link import REFUSED_KEY_LENGTH
from connectors.spi import ObjectClass
from connectors.vocabulary import WAITS_FOR_A_PERSON, Lane, LinkState, OperationState
from identities.canonical import fold
from identities.models import OrgUnit, User
from identities.queries.compiled import Among, Compiled, Several, id_hole
from identities.queries.recursion import groups_above, groups_of_users, parents_above
from identities.vocabulary import ObjectType

Dependents = tuple[tuple[ObjectType, UUID], ...]


def dependents_of(
    system: ConnectedSystem, object_type: ObjectType, object_id: UUID, *, had_reference: bool
) -> Dependents:
    """The groups, people and org units on the system that refer to this object.

    Args:
        had_reference: whether others may hold an older reference; if not, only those that were waiting for one matter
            among the people and org units.
    """
    if system.object_class_of(object_type) is ObjectClass.ORG_UNIT:
        return _in_unit(system, object_id, had_reference=had_reference)
    found = _holding(system, object_type, object_id)
    if object_type is ObjectType.USER:
        found |= {(ObjectType.USER, user_id) for user_id in _reports(system, object_id, had_reference=had_reference)}
    return tuple(found)


def disputants_of(
    system: ConnectedSystem, object_class: ObjectClass, *, key: str = "", remote_id: str | None = None
) -> Dependents:
    """Those who were refused this key because somebody else had it, or for whom this account stood in the way."""
    wanted = Q(pk__in=())
    if key:
        wanted |= Q(refused_key=refused_key(key))
    if remote_id:
        wanted |= Q(disputed_with=remote_id)
    refused = Link.objects.filter(wanted, system=system, object_class=object_class, refused_key__isnull=False)
    return _subjects(refused)


def refused_key(key: str) -> str:
    """A key in the form in which it is noted that it was refused."""
    return fold(key)[:REFUSED_KEY_LENGTH]


def holders_of(system: ConnectedSystem, object_class: ObjectClass, key: str, *, but: UUID) -> Dependents:
    """Those of ours whose account has this key."""
    linked = Link.objects.filter(system=system, object_class=object_class, state=LinkState.LINKED)
    return _subjects(linked.filter(correlation_key__iexact=key).exclude(object_id=but)[:1])


def _subjects(links: "QuerySet[Link]") -> Dependents:
    found = links.values_list("object_type", "object_id")
    return tuple((ObjectType(object_type), object_id) for object_type, object_id in found)


def ring(system_id: UUID, dependents: Dependents, *, lane: Lane, cause: str, correlation_id: str = "") -> None:
    """Enqueue them on the system, behind what takes access away."""
    for object_type in ObjectType:
        enqueue(
            system_id,
            object_type,
            [object_id for kind, object_id in dependents if kind == object_type],
            lane=Lane.BULK if lane >= Lane.BULK else Lane.INTERACTIVE,
            cause=cause,
            correlation_id=correlation_id,
        )


def _holding(system: ConnectedSystem, object_type: ObjectType, object_id: UUID) -> set[tuple[ObjectType, UUID]]:
    """The groups it is in, through nesting, because a system without nesting holds them flat, and those it is known in;
    org units likewise, where they are groups.
    """
    concerned = {ObjectType.GROUP: _groups_with(object_type, object_id)}
    if system.object_class_of(ObjectType.ORG_UNIT) is ObjectClass.GROUP:
        concerned[ObjectType.ORG_UNIT] = _units_with(object_type, object_id)
    known = _remote_holders().rows(system=system.id, object_type=str(object_type), object_id=object_id)
    for kind, holder in known:
        concerned.setdefault(ObjectType(kind), set()).add(holder)
    return {(kind, holder) for kind, holders in concerned.items() for holder in _there(system, kind, holders)}


def _there(system: ConnectedSystem, kind: ObjectType, concerned: set[UUID]) -> set[UUID]:
    """Those that have an account, or are being converged."""
    if not concerned:
        return set()
    claimed = in_work(system, kind) & concerned
    linked = _linked_among().rows(system=system.id, object_type=str(kind), objects=list(concerned))
    return claimed | {object_id for (object_id,) in linked}


def _groups_with(object_type: ObjectType, object_id: UUID) -> set[UUID]:
    if object_type is ObjectType.ORG_UNIT:
        return set()
    if object_type is ObjectType.USER:
        return {group for _, group, _, _ in groups_of_users([object_id])}
    return groups_above([object_id]) - {object_id}


def _units_with(object_type: ObjectType, object_id: UUID) -> set[UUID]:
    if object_type is ObjectType.GROUP:
        return set()
    is_user = object_type is ObjectType.USER
    rows = User.objects.get_queryset() if is_user else OrgUnit.objects.without_tree_fields()
    column = "org_unit_id" if is_user else "parent_id"
    direct = rows.filter(pk=object_id).values_list(column, flat=True)
    return set(parents_above({unit for unit in direct if unit}))


def _reports(system: ConnectedSystem, manager_id: UUID, *, had_reference: bool) -> set[UUID]:
    rows = _waiting_reports(had_reference=had_reference).rows(system=system.id, manager=manager_id)
    return {user_id for (user_id,) in rows}


def _in_unit(system: ConnectedSystem, unit_id: UUID, *, had_reference: bool) -> Dependents:
    """The people in the unit, and the units directly below, which could not come before it."""
    people = User.objects.get_queryset().filter(org_unit=unit_id, deleted_at__isnull=True)
    waiting = _waiting(system.id, people, had_reference=had_reference)
    found = [(ObjectType.USER, user_id) for user_id in waiting.values_list("pk", flat=True)]
    below = OrgUnit.objects.without_tree_fields().filter(org_units_q(system), parent=unit_id)
    return (*((ObjectType.ORG_UNIT, unit) for unit in below.values_list("pk", flat=True)), *found)


def _waiting(system_id: UUID, people: "QuerySet[User]", *, had_reference: bool) -> "QuerySet[User]":
    """Those of the people who hold an older reference or wait for one, and those being converged."""
    of_person = {"system": system_id, "object_type": ObjectType.USER, "object_id": OuterRef("pk")}
    linked = Link.objects.filter(**of_person, state=LinkState.LINKED)
    waiting = linked if had_reference else linked.filter(unresolved__gt=0)
    claimed = Operation.objects.filter(**of_person, state=OperationState.IN_FLIGHT)
    return people.filter(Exists(waiting) | Exists(claimed)).order_by()


def in_work(system: ConnectedSystem, object_type: ObjectType) -> set[UUID]:
    """The objects of this type that are being converged: few, no more than the system's slots.

    Asked before the links, or together with them, or one that is finished in between is missed.
    """
    return {object_id for (object_id,) in _in_flight().rows(system=system.id, object_type=str(object_type))}


def under_way(system: ConnectedSystem, links: Collection[int], *, with_units: bool) -> set[int]:
    """Those of these links whose account may have another reference by now than is written down: it is being converged,
    or the last attempt at it came to no good end.

    Args:
        with_units: whether accounts get another reference with the org unit they lie in, too.
    """
    if not links:
        return set()
    failed = Q(state__in=WAITS_FOR_A_PERSON) | Q(state=OperationState.WAITING, attempt__gt=0)
    tried = Operation.objects.filter(Q(state=OperationState.IN_FLIGHT) | failed, system=system).order_by()
    # A reference that is the object's id never changes.
    movable = Link.objects.filter(pk__in=links).exclude(reference=F("remote_id"))
    if with_units and tried.filter(object_type=ObjectType.ORG_UNIT).exists():
        return set(movable.values_list("pk", flat=True))
    objects = dict(movable.values_list("pk", "object_id"))
    found = set(tried.filter(object_id__in=objects.values()).values_list("object_id", flat=True))
    return {link for link, object_id in objects.items() if object_id in found}


@cache
def _in_flight() -> Compiled:
    holes = {"system": id_hole(), "object_type": "object type"}
    claimed = Operation.objects.filter(**holes, state=OperationState.IN_FLIGHT).order_by()
    return Compiled(claimed.values_list("object_id"), holes)


@cache
def _linked_among() -> Compiled:
    holes, objects = {"system": id_hole(), "object_type": "object type"}, Several()
    linked = Link.objects.filter(Among("object_id", objects), **holes, state=LinkState.LINKED).order_by()
    return Compiled(linked.values_list("object_id"), {**holes, "objects": objects})


@cache
def _remote_holders() -> Compiled:
    holes = {"system": id_hole(), "object_type": "object type", "object_id": id_hole()}
    known = RemoteMembership.objects.filter(
        group_link__system=holes["system"],
        member_link__object_type=holes["object_type"],
        member_link__object_id=holes["object_id"],
    )
    return Compiled(known.order_by().values_list("group_link__object_type", "group_link__object_id"), holes)


@cache
def _waiting_reports(*, had_reference: bool) -> Compiled:
    system, manager = id_hole(), id_hole()
    reports = User.objects.get_queryset().filter(manager=manager, deleted_at__isnull=True)
    waiting = _waiting(system, reports, had_reference=had_reference)
    return Compiled(waiting.values_list("pk"), {"system": system, "manager": manager})
