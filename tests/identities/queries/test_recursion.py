"""The recursive statements, on both databases."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identities.actions import groups, lifecycle, memberships, org_units
from identities.models import Group, Membership, OrgUnit, User
from identities.queries import recursion
from tests.factories import actor, make_group, make_org_unit, make_people, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def ids(*objects: User | Group | OrgUnit) -> set[UUID]:
    return {each.pk for each in objects}


def test_managers_to_the_top_and_around_a_circle() -> None:
    top = make_person()
    middle = make_person(manager=top)
    bottom = make_person(manager=middle)
    assert recursion.managers_above([bottom.pk]) == {bottom.pk: middle.pk, middle.pk: top.pk, top.pk: None}
    User.objects.filter(pk=top.pk).update(manager=bottom)
    assert set(recursion.managers_above([middle.pk])) == ids(top, middle, bottom)
    User.objects.filter(pk=top.pk).update(manager=None)
    lifecycle.delete_user(middle, actor=actor())
    assert recursion.managers_above([bottom.pk]) == {bottom.pk: middle.pk}
    assert recursion.managers_above([uuid4()]) == {}
    assert recursion.managers_above([]) == {}


def test_units_above_and_below() -> None:
    top = make_org_unit()
    left, right = make_org_unit(parent=top), make_org_unit(parent=top)
    leaf = make_org_unit(parent=left)
    assert recursion.parents_above([leaf.pk]) == {leaf.pk: left.pk, left.pk: top.pk, top.pk: None}
    assert recursion.units_below([left.pk]) == ids(left, leaf)
    assert recursion.units_below([top.pk]) == ids(top, left, right, leaf)
    OrgUnit.objects.filter(pk=top.pk).update(parent=leaf)
    assert recursion.units_below([left.pk]) == ids(top, left, right, leaf)
    org_units.delete_org_unit(right, actor=actor())
    assert recursion.parents_above([right.pk]) == {}


def test_groups_of_people_through_nesting_circles_and_deletion() -> None:
    person = make_person()
    outer, middle, inner, other = make_group("a"), make_group("b"), make_group("c"), make_group("d")
    memberships.add_members(inner, [person], actor=actor())
    memberships.add_members(middle, [inner], actor=actor())
    memberships.add_members(outer, [middle, person], actor=actor())
    memberships.add_members(inner, [outer], actor=actor())
    expected = [
        (person.pk, outer.pk, "a", True),
        (person.pk, middle.pk, "b", False),
        (person.pk, inner.pk, "c", True),
    ]
    assert list(recursion.groups_of_users([person.pk, make_person().pk])) == expected
    assert recursion.groups_above([middle.pk]) == ids(outer, middle, inner)
    assert recursion.groups_below([outer.pk, other.pk]) == ids(outer, middle, inner, other)
    groups.delete_group(middle, actor=actor())
    assert [group for _user, group, _name, _direct in recursion.groups_of_users([person.pk])] == [outer.pk, inner.pk]
    assert recursion.groups_below([middle.pk]) == ids(middle, inner, outer), "a deleted group says whom it held"


def test_many_ids_are_asked_for_in_parts(django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recursion, "_BATCH", 10)
    people = make_people(11)
    with django_assert_num_queries(2):
        assert len(recursion.managers_above([person.pk for person in people])) == 11


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nesting=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
    deleted=st.sets(st.integers(0, 4), max_size=2),
    start=st.integers(0, 4),
)
def test_closures_are_those_of_the_graph(nesting: set[tuple[int, int]], deleted: set[int], start: int) -> None:
    person, nodes = a_graph(5, {(outer, inner) for outer, inner in nesting if outer != inner}, deleted, start)
    below = reached(start, {(outer, inner) for outer, inner in nesting if inner not in deleted})
    above = reached(start, {(inner, outer) for outer, inner in nesting if outer not in deleted})
    root = nodes[start]
    assert recursion.groups_below([root]) == {nodes[index] for index in below}
    assert recursion.groups_below_each([root]) == {root: {nodes[index] for index in below}}
    assert recursion.groups_above([root]) == {nodes[index] for index in above}
    of_person = [group for _user, group, _name, _direct in recursion.groups_of_users([person.pk])]
    assert sorted(of_person) == sorted(set() if start in deleted else {nodes[index] for index in above})


def a_graph(size: int, nesting: set[tuple[int, int]], deleted: set[int], holding: int) -> tuple[User, list[UUID]]:
    """So many groups, nested like this, and a person who is in one of them."""
    Membership.objects.all().delete()
    person, now = make_person(), timezone.now()
    made = Group.objects.bulk_create(
        Group(display_name=str(uuid4()), created_at=now, modified_at=now, deleted_at=now if number in deleted else None)
        for number in range(size)
    )
    rows: list[dict[str, Any]] = [{"group": made[outer], "member_group": made[inner]} for outer, inner in nesting]
    rows.append({"group": made[holding], "user": person})
    Membership.objects.bulk_create(Membership(created_at=now, **row) for row in rows)
    return person, [group.pk for group in made]


def reached(start: int, edges: set[tuple[int, int]]) -> set[int]:
    """Where the edges lead from here, in memory."""
    found, frontier = {start}, {start}
    while frontier:
        frontier = {there for here, there in edges if here in frontier} - found
        found |= frontier
    return found


def test_where_every_group_holds_every_other_a_walk_comes_by_each_once(django_assert_num_queries: Any) -> None:
    size = 60
    everywhere = {(outer, inner) for outer in range(size) for inner in range(size) if outer != inner}
    person, nodes = a_graph(size, everywhere, set(), 0)
    for walk in (
        lambda: list(recursion.groups_of_users([person.pk])),
        lambda: recursion.groups_above(nodes[:1]),
        lambda: recursion.groups_below(nodes),
        lambda: recursion.groups_below_each(nodes[:1])[nodes[0]],
    ):
        with django_assert_num_queries(1):
            assert len(walk()) == size
