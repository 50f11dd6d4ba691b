"""Whatever happens to people, groups and rules: the members are those whom evaluating everybody finds."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from identities.actions import groups, lifecycle, memberships, org_units, users
from identities.consumers import dynamic_groups
from identities.errors import Conflict, RuleViolation
from identities.filters.match import matches
from identities.filters.parse import parse
from identities.models import Group, Membership, OrgUnit, User
from identities.queries.document import load_documents
from identities.vocabulary import GroupKind
from tests.factories import actor, make_group, make_org_unit, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WORDS = st.sampled_from(["boss", "guide"])
WORDS_OF_UNITS = st.sampled_from(["boss", "guide", "other"])


@dataclass(frozen=True)
class World:
    """A few of everything. All groups but the first have rules, which may ask for other groups."""

    people: list[User]
    units: list[OrgUnit]
    groups: list[Group]


@pytest.fixture
def world() -> World:
    """Made once: every example starts from it, with the same ids, and is rolled back."""
    units = [make_org_unit("boss"), make_org_unit("guide")]
    people = [make_person(title="guide")]
    people += [make_person(display_name="boss", manager=people[-1].pk, org_unit=units[0].pk) for _ in range(2)]
    made = [make_group() for _ in range(4)]
    memberships.add_members(made[0], people[1:], actor=actor())
    first = ('manager.displayName eq "boss"', 'orgUnit.name eq "boss"', f'groups.value eq "{made[0].pk}"')
    for group, rule in zip(made[1:], first, strict=True):
        groups.set_rule(group, rule, actor=actor())
    dynamic_groups.work()
    return World(people, units, made)


def rules(world: World, group: int) -> st.SearchStrategy[str]:
    plain = [
        'title eq "boss"',
        "active eq false",
        "manager pr",
        'manager.displayName eq "boss"',
        'orgUnit.code eq "boss" or orgUnit.name eq "guide"',
        'custom.x eq "y" or not (displayName pr)',
    ]
    others = [str(each.pk) for number, each in enumerate(world.groups) if number != group]
    asking = [f'groups.value eq "{pk}"' for pk in others] + [f'not (groups[value eq "{pk}"])' for pk in others]
    return st.sampled_from([*plain, *asking])


def set_a_rule(world: World, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 3))
    text = data.draw(st.one_of(st.none(), rules(world, number)))
    try:
        groups.set_rule(world.groups[number], text, actor=actor())
    except RuleViolation as refusal:
        assert refusal.code in ("circle_of_rules", "unknown_group")


def change_a_person(world: World, data: st.DataObject) -> None:
    person = data.draw(st.sampled_from(world.people))
    if User.objects.filter(pk=person.pk, deleted_at=None).exists():
        names = st.sampled_from(["title", "display_name"])
        changes: dict[str, Any] = {data.draw(names): data.draw(st.sampled_from(["boss", "guide", None]))}
        if data.draw(st.booleans()):
            changes = {"org_unit": data.draw(st.sampled_from([None, *(unit.pk for unit in world.units)]))}
        users.update_user(person.pk, actor=actor(), changes=changes)


def rename_the_manager(world: World, data: st.DataObject) -> None:
    manager = world.people[0]
    if User.objects.filter(pk=manager.pk, deleted_at=None).exists():
        users.update_user(manager.pk, actor=actor(), changes={"display_name": data.draw(WORDS)})


def move_a_person_on(world: World, data: st.DataObject) -> None:
    person = data.draw(st.sampled_from(world.people))
    if not User.objects.filter(pk=person.pk, deleted_at=None).exists():
        lifecycle.restore_user(person.pk, actor=actor())
        return
    step = data.draw(st.sampled_from([lifecycle.suspend_user, lifecycle.lift_suspension, lifecycle.delete_user]))
    step(person.pk, actor=actor())  # type: ignore[operator]


def rename_a_unit(world: World, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(world.units))
    with suppress(Conflict):  # the other unit has that name
        org_units.update_org_unit(unit.pk, actor=actor(), changes={"name": data.draw(WORDS_OF_UNITS)})


def change_members(world: World, data: st.DataObject) -> None:
    group, person = data.draw(st.sampled_from(world.groups)), data.draw(st.sampled_from(world.people))
    there = User.objects.filter(pk=person.pk, deleted_at=None).exists()
    if there and Group.objects.filter(pk=group.pk, kind=GroupKind.STATIC, deleted_at=None).exists():
        step = data.draw(st.sampled_from([memberships.add_members, memberships.remove_members]))
        step(group.pk, [person.pk], actor=actor())  # type: ignore[operator]


def delete_or_restore_a_group(world: World, data: st.DataObject) -> None:
    group = world.groups[data.draw(st.integers(0, 1))]
    there = Group.objects.present().filter(pk=group.pk).exists()
    (groups.delete_group if there else groups.restore_group)(group.pk, actor=actor())


STEPS: list[Callable[[World, st.DataObject], None]] = [
    set_a_rule,
    change_a_person,
    rename_the_manager,
    move_a_person_on,
    rename_a_unit,
    change_members,
    delete_or_restore_a_group,
]


@given(st.data())
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # making a failure smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_members_are_those_whom_evaluating_everybody_finds(world: World, data: st.DataObject) -> None:
    with transaction.atomic():
        for _ in range(3):
            for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)):
                if not (step is set_a_rule and Group.objects.exclude(deleted_at=None).exists()):
                    step(world, data)
            dynamic_groups.work()
            check(world)
        transaction.set_rollback(True)


def check(world: World) -> None:
    documents = load_documents([person.pk for person in world.people])
    here = set(User.objects.present().filter(pk__in=documents).values_list("pk", flat=True))
    for group in Group.objects.present().filter(kind=GroupKind.DYNAMIC):
        rule = parse(group.filter_text, "User")
        expected = {pk for pk in here if matches(rule, documents[pk])}
        asserted = Membership.objects.filter(group=group, origins__origin=f"rule:{group.pk}")
        assert set(asserted.values_list("user", flat=True)) == expected, group.filter_text
