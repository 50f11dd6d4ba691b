"""Two at once: real transactions, real threads, both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from identities import audit
from identities.actions import attribute_definitions, groups, lifecycle, memberships, org_units, users
from identities.errors import Conflict, IdentityError, RuleViolation
from identities.models import (
    AttributeDefinition,
    AuditEntry,
    AuditSeal,
    ChangeEvent,
    Group,
    Membership,
    OrgUnit,
    User,
)
from tests.factories import actor, make_group, make_operator, make_org_unit, make_people, make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def together(*actions: Callable[[], object]) -> list[object]:
    """Run the actions at the same moment, each in a thread of its own; what they returned, or the refusal."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=20)
            return action()
        except IdentityError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [each.result(timeout=60) for each in [pool.submit(run, action) for action in actions]]


@pytest.mark.parametrize("attempt", range(3))
def test_one_name_is_created_once(attempt: int) -> None:
    results = together(*[lambda: make_person("ada") for _ in range(4)])
    assert sum(isinstance(each, User) for each in results) == 1
    refusals = [each for each in results if isinstance(each, Conflict)]
    assert [each.code for each in refusals] == ["user_name_taken"] * 3
    assert AuditEntry.objects.filter(verb="user.created").count() == 1
    assert ChangeEvent.objects.count() == 1


def test_batches_that_meet_refuse_only_the_names_they_share() -> None:
    def batch(mark: str) -> object:
        names = [f"{mark}{index}" for index in range(20)] + [f"shared{index}" for index in range(20)]
        rows = [users.NewUser(users.UserAttributes({"user_name": name})) for name in names]
        return users.create_users_many(rows, actor=actor())

    results = together(lambda: batch("one"), lambda: batch("two"))
    refused = [each for result in results for each in result if isinstance(each, Conflict)]  # type: ignore[attr-defined]
    assert len(refused) == 20
    assert User.objects.count() == 60


def test_one_name_is_taken_once_by_renaming() -> None:
    one, two = make_people(2)
    results = together(
        *[
            lambda person=person: users.update_user(person, actor=actor(), changes={"user_name": "ada"})
            for person in (one, two)
        ]
    )
    assert [each.code for each in results if isinstance(each, Conflict)] == ["user_name_taken"]
    assert User.objects.filter(user_name_key="ada").count() == 1


def test_a_restored_and_a_new_person_do_not_share_a_name() -> None:
    gone = make_person("ada")
    lifecycle.delete_user(gone, actor=actor())
    results = together(lambda: lifecycle.restore_user(gone, actor=actor()), lambda: make_person("ada"))
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert User.objects.filter(user_name_key="ada").count() == 1


def test_group_names_and_codes_and_names_of_siblings_are_taken_once() -> None:
    def unit(name: str, code: str) -> Callable[[], OrgUnit]:
        return lambda: org_units.create_org_unit(actor=actor(), name=name, code=code)

    for code, racing in {
        "group_name_taken": [lambda: make_group("Editors") for _ in range(3)],
        "org_unit_code_taken": [unit(f"Labs {number}", "L") for number in range(3)],
        "org_unit_name_taken": [unit("Desks", f"D{number}") for number in range(3)],
    }.items():
        results = together(*racing)
        assert [each.code for each in results if isinstance(each, Conflict)] == [code] * 2


def test_twenty_at_once_add_members_and_none_is_lost() -> None:
    group, people = make_group(), make_people(20)
    added = together(
        *[lambda person=person: memberships.add_members(group, [person], actor=actor()) for person in people]
    )
    assert added == [1] * 20
    assert Membership.objects.filter(group=group).count() == 20
    assert Group.objects.get(pk=group.pk).membership_version == 20


def test_adding_and_removing_the_same_member_at_once_leaves_a_sound_state() -> None:
    group, person = make_group(), make_person()
    for _ in range(3):
        together(
            lambda: memberships.add_members(group, [person], actor=actor()),
            lambda: memberships.add_members(group, [person], actor=actor()),
            lambda: memberships.remove_members(group, [person], actor=actor()),
        )
        found = Membership.objects.filter(group=group)
        assert found.count() in (0, 1)
        assert not found.filter(origins=None).exists()


def test_changes_of_one_person_at_once_all_arrive() -> None:
    person = make_person()
    names = ("title", "nick_name", "division", "locale", "department")
    together(*[lambda name=name: users.update_user(person, actor=actor(), changes={name: "new"}) for name in names])
    stored = User.objects.get(pk=person.pk)
    assert [getattr(stored, name) for name in names] == ["new"] * 5
    assert stored.version == person.version + 5
    assert stored.scim_text.count('"new"') == 5


def test_two_superusers_do_not_remove_each_other() -> None:
    one, two = make_operator(), make_operator()
    results = together(
        lambda: lifecycle.suspend_user(one, actor=actor()), lambda: lifecycle.suspend_user(two, actor=actor())
    )
    assert [each.code for each in results if isinstance(each, RuleViolation)] == ["last_superuser"]
    assert User.objects.filter(is_superuser=True, active=True).count() == 1


def test_batches_over_the_same_people_wait_for_each_other() -> None:
    people = make_people(40)
    group = make_group()
    memberships.add_members(group, people, actor=actor())
    results = together(
        lambda: lifecycle.suspend_users_many(people, actor=actor()),
        lambda: lifecycle.suspend_users_many(people[::-1], actor=actor()),
        lambda: lifecycle.delete_users_many(people[10:30], actor=actor()),
    )
    assert not any(isinstance(each, RuleViolation) for result in results for each in result)  # type: ignore[attr-defined]
    assert User.objects.filter(active=True).count() == 0
    assert User.objects.filter(deleted_at__isnull=False).count() == 20


def test_two_sealers_make_one_chain() -> None:
    make_people(60)
    for _ in range(3):
        together(*[lambda: audit.seal_batch(10) for _ in range(3)])
    while audit.seal_batch(10):
        continue
    outcome = audit.verify()
    assert (outcome.ok, outcome.checked) == (True, 60)
    assert AuditSeal.objects.count() == 6


def test_a_deleted_group_takes_no_member_at_the_same_moment() -> None:
    group, person = make_group(), make_person()
    together(
        lambda: groups.delete_group(group, actor=actor()),
        lambda: memberships.add_members(group, [person], actor=actor()),
    )
    events = list(ChangeEvent.objects.filter(object_id=group.pk).order_by("pk").values_list("kind", flat=True))
    assert events in (
        ["group.created", "group.deleted"],
        ["group.created", "membership.changed", "group.deleted"],
    )


@pytest.mark.parametrize("attempt", range(5))
def test_references_to_each_other_do_not_wait_for_each_other(attempt: int) -> None:
    one, two = make_people(2)
    group = make_group()
    memberships.add_members(group, [one], actor=actor())
    results = together(
        lambda: users.update_user(one, actor=actor(), changes={"manager": two}),
        lambda: users.update_user(two, actor=actor(), changes={"title": "x"}),
        lambda: memberships.add_members(group, [two], actor=actor()),
        lambda: lifecycle.delete_user(one, actor=actor()),
        lambda: lifecycle.suspend_users_many([two, one], actor=actor()),
    )
    assert not any(isinstance(each, RuleViolation) for each in results)
    assert Membership.objects.filter(group=group).count() == 2


@pytest.mark.parametrize("attempt", range(2))
def test_two_halves_of_a_circle_of_managers_are_not_both_closed(attempt: int) -> None:
    one, two = make_people(2)
    results = together(
        lambda: users.update_user(one, actor=actor(), changes={"manager": two}),
        lambda: users.override_value(two, actor=actor(), attribute="manager", value=one, reason="tests"),
    )
    assert [each.code for each in results if isinstance(each, RuleViolation)] == ["manager_loop"]
    assert User.objects.filter(manager__isnull=False).count() == 1


@pytest.mark.parametrize("attempt", range(2))
def test_neither_are_two_halves_of_a_circle_of_org_units(attempt: int) -> None:
    one, two = make_org_unit(), make_org_unit()
    below_one, below_two = make_org_unit(parent=one), make_org_unit(parent=two)
    results = together(
        lambda: org_units.move_org_unit(one, actor=actor(), parent=below_two),
        lambda: org_units.move_org_unit(two, actor=actor(), parent=below_one),
    )
    assert [each.code for each in results if isinstance(each, RuleViolation)] == ["org_unit_loop"]


@pytest.mark.parametrize("attempt", range(2))
def test_nobody_moves_into_an_org_unit_while_it_is_deleted(attempt: int) -> None:
    unit, person = make_org_unit(), make_person()
    together(
        lambda: org_units.delete_org_unit(unit, actor=actor()),
        lambda: users.update_user(person, actor=actor(), changes={"org_unit": unit}),
        lambda: make_person("newcomer", org_unit=unit),
    )
    deleted = OrgUnit.objects.get(pk=unit.pk).deleted_at is not None
    assert deleted != User.objects.filter(org_unit=unit).exists()


def test_a_custom_attribute_is_declared_once_however_it_is_spelt() -> None:
    for name in ("badge", "locker"):
        results = together(
            *[
                lambda spelling=spelling: attribute_definitions.create_attribute_definition(spelling, actor=actor())
                for spelling in (name, name.title(), name.upper())
            ]
        )
        assert [each.code for each in results if isinstance(each, Conflict)] == ["attribute_name_taken"] * 2
    assert AttributeDefinition.objects.count() == 2


@pytest.mark.parametrize("attempt", range(3))
def test_groups_in_groups_are_deleted_while_their_members_change(attempt: int) -> None:
    top, middle, bottom, other = (make_group() for _ in range(4))
    people = make_people(6)
    memberships.add_members(top, [middle, *people[:3]], actor=actor())
    memberships.add_members(middle, [bottom, other], actor=actor())
    results = together(
        lambda: groups.delete_group(bottom, actor=actor()),
        lambda: groups.delete_group(middle, actor=actor()),
        lambda: memberships.add_members(top, people[3:], actor=actor()),
        lambda: groups.delete_group(other, actor=actor()),
        lambda: memberships.add_members(other, [middle, bottom], actor=actor()),
        lambda: memberships.replace_members(middle, people[:4], actor=actor()),
        lambda: lifecycle.delete_users_many(people, actor=actor()),
        lambda: users.update_user(people[0], actor=actor(), changes={"user_name": f"renamed{attempt}"}),
    )
    assert len(results) == 8  # a deadlock would have been raised
    assert set(Group.objects.present()) == {top}


@pytest.mark.parametrize("attempt", range(2))
def test_groups_that_hold_each_other_are_filled_and_deleted_at_the_same_moment(attempt: int) -> None:
    made = [make_group() for _ in range(3)]
    pairs = [(one, other) for one in made for other in made if one != other]
    added = together(
        *[lambda one=one, other=other: memberships.add_members(one, [other], actor=actor()) for one, other in pairs]
    )
    assert added == [1] * len(pairs)
    gone = together(*[lambda group=group: groups.delete_group(group, actor=actor()) for group in made])
    assert all(isinstance(each, Group) for each in gone), gone
    together(*[lambda group=group: groups.restore_group(group, actor=actor()) for group in made])
    assert Group.objects.filter(deleted_at=None).count() == 3
    assert Membership.objects.count() == len(pairs)
