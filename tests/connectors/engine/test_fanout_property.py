"""Fanout against evaluating everybody: whoever enters, stays in or leaves a scope because of a change is enqueued."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.engine import fanout
from connectors.engine.scope import of_type
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import OperationState
from identities import outbox
from identities.actors import admin_actor
from identities.models import Delivery, Group, Membership, OrgUnit, User
from identities.vocabulary import EventKind, ObjectType
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, a_system, an_org_unit, join

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ADMIN = admin_actor(UUID(int=1), "Ada")
SCOPES = (
    {},
    {"scope_filter": 'title eq "boss" or not (userName sw "p0")'},
    {"scope_filter": 'manager.displayName sw "Anna"'},
    {"scope_filter": 'groups.display co "crew"', "group_filter": 'displayName co "crew"'},
    {"scope_filter": 'orgUnit.name eq "sales" and active eq true'},
    {"provisions_groups": False},
)
Objects = set[tuple[str, UUID]]


@dataclass
class World:
    """A few of everything."""

    users: list[User]
    groups: list[Group]
    units: list[OrgUnit]
    systems: list[ConnectedSystem]


def a_world(data: st.DataObject) -> World:
    """Five people who manage each other in a circle, groups and org units with something below, systems, some links."""
    units = [an_org_unit("company")]
    units += [an_org_unit("sales", units[0]), an_org_unit("it", units[0])]
    units += [an_org_unit("field", units[1]), an_org_unit("desk", units[2])]
    users = [a_person(f"p{number}", display_name=f"Anna {number}", org_unit=units[number]) for number in range(5)]
    groups = [a_group(name, user) for name, user in zip(("crew one", "crew two", "board", "all"), users, strict=False)]
    join(groups[3], groups[0])
    join(groups[0], groups[2])
    for number, user in enumerate(users):
        User.objects.filter(pk=user.pk).update(manager=users[number - 1])
    systems = [a_system(f"s{number}", **columns) for number, columns in enumerate(SCOPES)]
    systems += [a_system("by group"), a_system("by unit")]
    systems[-2].scope_groups.add(groups[3])
    systems[-1].scope_org_units.add(units[1])
    for system in systems:
        for subject in data.draw(st.lists(st.sampled_from([*users, *groups]), unique=True, max_size=2)):
            a_link(system, subject)
    return World(users, groups, units, systems)


def announce(kind: EventKind, subject: User | Group | OrgUnit, *attributes: str, **facts: object) -> None:
    """As the actions do."""
    types = {User: ObjectType.USER, Group: ObjectType.GROUP, OrgUnit: ObjectType.ORG_UNIT}
    outbox.announce(kind, types[type(subject)], subject.pk, actor=ADMIN, attributes=attributes, facts=facts)


def a_change_of_a_user(world: World, data: st.DataObject) -> None:
    user = data.draw(st.sampled_from(world.users))
    columns = data.draw(
        st.sampled_from(
            [
                {"title": "boss"},
                {"active": False},
                {"display_name": "Berta"},
                {"display_name": "Anna"},
                {"manager": world.users[0]},
                {"org_unit": world.units[3]},
            ]
        )
    )
    fresh = User.objects.get(pk=user.pk)
    for name, value in columns.items():
        setattr(fresh, name, value)
    fresh.save()
    announce(EventKind.USER_CHANGED, fresh, *columns)


def a_user_deleted_or_restored(world: World, data: st.DataObject) -> None:
    user = User.objects.get(pk=data.draw(st.sampled_from(world.users)).pk)
    kind = EventKind.USER_RESTORED if user.deleted_at else EventKind.USER_DELETED
    user.deleted_at = None if user.deleted_at else NOW
    user.save()
    groups = [str(pk) for pk in Membership.objects.filter(user=user).values_list("group", flat=True)]
    announce(kind, user, groups=groups)


def a_group_renamed(world: World, data: st.DataObject) -> None:
    group = Group.objects.get(pk=data.draw(st.sampled_from(world.groups)).pk)
    group.display_name = data.draw(st.sampled_from(["crew three", "others"])) + group.display_name[-4:]
    group.save()
    announce(EventKind.GROUP_CHANGED, group, "display_name")


def a_group_deleted_or_restored(world: World, data: st.DataObject) -> None:
    group = Group.objects.get(pk=data.draw(st.sampled_from(world.groups)).pk)
    kind = EventKind.GROUP_RESTORED if group.deleted_at else EventKind.GROUP_DELETED
    group.deleted_at = None if group.deleted_at else NOW
    group.save()
    parents = [str(pk) for pk in Membership.objects.filter(member_group=group).values_list("group", flat=True)]
    announce(kind, group, parents=parents)


def a_membership(world: World, data: st.DataObject) -> None:
    group = data.draw(st.sampled_from(world.groups))
    member = data.draw(st.sampled_from([*world.users, *world.groups]))
    kind = "users" if isinstance(member, User) else "groups"
    who = {"user": member} if isinstance(member, User) else {"member_group": member}
    gone, _ = Membership.objects.filter(group=group, **who).delete()
    if not gone:
        join(group, member)
    announce(EventKind.MEMBERSHIP_CHANGED, group, **{f"{'removed' if gone else 'added'}_{kind}": [str(member.pk)]})


def an_org_unit_moved_or_renamed(world: World, data: st.DataObject) -> None:
    unit = OrgUnit.objects.get(pk=data.draw(st.sampled_from(world.units[1:])).pk)
    if data.draw(st.booleans()):
        unit.name = data.draw(st.sampled_from(["sales", f"other {unit.code}"]))
    elif unit.pk == world.units[2].pk:
        unit.parent = world.units[1] if unit.parent_id == world.units[0].pk else world.units[0]
    beside = OrgUnit.objects.without_tree_fields().filter(parent=unit.parent_id, name=unit.name)
    if beside.exclude(pk=unit.pk).exists():
        unit.name = f"other {unit.code}"
    unit.save()
    announce(EventKind.ORG_UNIT_CHANGED, unit, "name", parent=str(world.units[0].pk))


CHANGES: list[Callable[[World, st.DataObject], None]] = [
    a_change_of_a_user,
    a_user_deleted_or_restored,
    a_group_renamed,
    a_group_deleted_or_restored,
    a_membership,
    an_org_unit_moved_or_renamed,
]


def members_of(system: ConnectedSystem) -> Objects:
    """Everybody in scope, evaluated from scratch."""
    return {(each, pk) for each in ObjectType for pk in of_type(system, each).values_list("pk", flat=True)}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Leave nothing behind for the next example."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_fanout_finds_whomever_evaluating_everybody_finds(
    change: Callable[[World, st.DataObject], None], data: st.DataObject
) -> None:
    with rolled_back():
        world = a_world(data)
        after = {system.pk: members_of(system) for system in world.systems}
        for _ in range(3):
            Operation.objects.all().delete()
            Delivery.objects.all().delete()
            before = after
            change(world, data)
            fanout.drain()
            after = {system.pk: members_of(system) for system in world.systems}
            for system in world.systems:
                check(system, before[system.pk], after[system.pk])


def check(system: ConnectedSystem, before: Objects, after: Objects) -> None:
    """Whoever came in was enqueued, whoever left was if they have an account, and nobody the system does not need."""
    linked = set(Link.objects.filter(system=system).values_list("object_type", "object_id"))
    waiting = Operation.objects.filter(system=system, state=OperationState.WAITING)
    enqueued = set(waiting.values_list("object_type", "object_id"))
    came, left = after - before, before - after
    assert came <= enqueued, f"{system.name}: came in"
    assert left & linked <= enqueued, f"{system.name}: left"
    assert enqueued <= after | linked, f"{system.name}: not needed"
