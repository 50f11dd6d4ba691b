"""Groups and memberships come in, are withdrawn where a complete file misses them, and are undone."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.actions.imports import apply_import
from connectors.engine.intake.lease import claim_run
from connectors.engine.intake.profiles.profile import load_profile
from connectors.engine.intake.structure.memberships import apply_membership_rows
from connectors.models import ImportProfile, Run
from connectors.vocabulary import ImportContent, RunState
from identities.actions.groups import update_group
from identities.actions.memberships import add_members, remove_members
from identities.actors import command_actor, file_actor
from identities.errors import RuleViolation
from identities.models import AuditEntry, Group, Membership, MembershipOrigin, User
from tests.connectors.engine.intake.importing import (
    carry_out,
    changes_nothing,
    make_profile,
    problems,
    run_import,
    told,
    undo,
)
from tests.factories import make_group, make_people, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def teams() -> str:
    return make_profile("teams", ImportContent.GROUPS).name


@pytest.fixture
def members() -> str:
    return make_profile("members", ImportContent.MEMBERSHIPS, complete=True).name


def groups(*rows: str) -> tuple[str, str]:
    return "groups.csv", "name,description,in\n" + "\n".join(rows)


def memberships(*rows: str) -> tuple[str, str]:
    return "members.csv", "group,member\n" + "\n".join(rows)


def nested() -> set[tuple[str, str]]:
    found = Membership.objects.filter(member_group__isnull=False)
    return set(found.values_list("member_group__display_name", "group__display_name"))


def pairs() -> set[tuple[str, str]]:
    return set(Membership.objects.values_list("group__display_name", "user__user_name"))


def test_groups_come_in_nested_in_any_order_and_are_undone(teams: str) -> None:
    kept = make_group("Kept", description="old", by=file_actor(teams))
    file = groups("Night,,Shifts", "Shifts,all of them,Kept", "Kept,new,")
    run = run_import(file, profile=teams)

    assert run.counts["groups"] == {"create": 2, "update": 1}
    assert run.counts["memberships"] == {"create": 2}
    assert nested() == {("Night", "Shifts"), ("Shifts", "Kept")}
    kept.refresh_from_db()
    assert (kept.description, Group.objects.get(display_name="Shifts").description) == ("new", "all of them")

    before = told()
    assert changes_nothing(run_import(file, profile=teams))
    assert told() == before

    undone = undo(run)
    assert (undone.counts["groups"], undone.counts["memberships"]) == ({"close": 2, "update": 1}, {"withdrawn": 2})
    kept.refresh_from_db()
    assert (kept.description, nested()) == ("old", set())
    assert list(Group.objects.present().values_list("display_name", flat=True)) == ["Kept"]


def test_what_others_say_of_a_group_stays(teams: str) -> None:
    make_group("Kept", description="theirs")
    assert changes_nothing(run_import(groups("Kept,ours,"), profile=teams))
    run = run_import(groups("Mine,ours,", "Other,ours,"), profile=teams)
    update_group(Group.objects.get(display_name="Mine"), actor=command_actor(), changes={"description": "x"})
    add_members(Group.objects.get(display_name="Other"), [make_person()], actor=command_actor())
    plan = undo(run, apply=False)
    assert plan.counts["groups"] == {"close": 1, "unchanged": 1}
    assert problems(plan) == [("changed_since", 3, "display_name", "Other")]


GROUP_PROBLEMS = {
    "unknown parent": (("A,,X",), ("unknown_group", 2, "in", "X")),
    "in itself": (("A,,A",), ("group_circle", 2, "in", "A")),
    "in itself through others": (("A,,B", "B,,A"), ("group_circle", 2, "in", "B")),
    "twice": (("A,,", "a,,"), ("duplicate", 3, "name", "a")),
    "no name": ((",x,",), ("required", 2, "name", "")),
}


@pytest.mark.parametrize(("rows", "problem"), GROUP_PROBLEMS.values(), ids=GROUP_PROBLEMS)
def test_groups_that_cannot_be_are_told_by_row_and_column(
    teams: str, rows: tuple[str, ...], problem: tuple[str, int, str, str]
) -> None:
    run = run_import(groups(*rows), profile=teams)
    assert problem in problems(run)
    assert (run.state, Group.objects.exists()) == (RunState.PLANNED, False)


@pytest.mark.database
def test_memberships_come_in_and_a_complete_file_withdraws_those_it_misses(members: str) -> None:
    ann, ben = make_person("ann", employee_number="1"), make_person("ben")
    make_group("Red"), make_group("Blue")
    add_members(Group.objects.get(display_name="Blue"), [ann], actor=command_actor())
    first = run_import(memberships("red,1", "Red,BEN", "Blue,1", "Blue,ben"), profile=members)
    assert (first.state, first.counts) == (
        RunState.DONE,
        {"memberships": {"create": 4}, "applied": {"created": 4}},
    )
    assert pairs() == {("Red", "ann"), ("Red", "ben"), ("Blue", "ann"), ("Blue", "ben")}
    before = told()
    assert changes_nothing(run_import(memberships("Red,1", "Red,ben", "Blue,1", "Blue,ben"), profile=members))
    assert told() == before

    second = run_import(memberships("Red,ben"), profile=members)

    assert second.counts["memberships"] == {"unchanged": 1, "withdrawn": 3}
    # An administrator says it, too.
    assert pairs() == {("Red", "ben"), ("Blue", "ann")}
    assert list(MembershipOrigin.objects.filter(membership__group__display_name="Blue").values_list("origin")) == [
        ("admin",)
    ]
    undone = undo(second)
    assert undone.counts["memberships"] == {"create": 3}
    assert pairs() == {("Red", "ann"), ("Red", "ben"), ("Blue", "ann"), ("Blue", "ben")}
    undo(first)
    assert pairs() == {("Blue", "ann")}
    assert AuditEntry.objects.filter(verb="import.undo_started").count() == 2
    assert {ben.pk, ann.pk} <= set(User.objects.persons().values_list("pk", flat=True))


def test_a_file_that_is_not_complete_withdraws_nothing(members: str) -> None:
    ImportProfile.objects.filter(name=members).update(complete=False)
    make_group("Red"), make_person("ann"), make_person("ben")
    run_import(memberships("Red,ann"), profile=members)
    assert run_import(memberships("Red,ben"), profile=members).counts["memberships"] == {"create": 1}
    assert pairs() == {("Red", "ann"), ("Red", "ben")}


MEMBER_PROBLEMS = {
    "unknown group": ("Green,ann", ("unknown_group", 2, "group", "Green")),
    "unknown member": ("Red,eve", ("unknown_member", 2, "member", "eve")),
    "no member": ("Red,", ("required", 2, "member", "")),
    "no group": (",ann", ("required", 2, "group", "")),
    "twice": ("Red,ann\nred,ANN", ("duplicate", 3, "member", "ANN")),
}


@pytest.mark.parametrize(("rows", "problem"), MEMBER_PROBLEMS.values(), ids=MEMBER_PROBLEMS)
def test_memberships_that_cannot_be_are_told(members: str, rows: str, problem: tuple[str, int, str, str]) -> None:
    make_group("Red"), make_person("ann")
    run = run_import(memberships(rows), profile=members)
    assert problem in problems(run)
    assert (run.state, pairs()) == (RunState.PLANNED, set())


def test_many_missing_memberships_need_their_number_typed(members: str) -> None:
    make_group("Red")
    rows = [f"Red,{person.user_name}" for person in make_people(60)]
    run_import(memberships(*rows), profile=members)

    fewer = run_import(memberships(*rows[:30]), profile=members)  # 30 of 60: over 20, and over 10 percent
    assert (fewer.state, len(pairs())) == (RunState.PLANNED, 60)
    for number in (None, 29):
        with pytest.raises(RuleViolation, match="30 memberships are missing"):
            apply_import(fewer, actor=command_actor(), confirm_missing=number)
    carry_out(fewer, confirm_missing=30)
    assert len(pairs()) == 30
    assert run_import(memberships(*rows[:20]), profile=members).state == RunState.DONE  # 10 of 30: within 20


def test_an_undone_membership_that_is_gone_or_was_taken_back_is_left(members: str) -> None:
    ann, red = make_person("ann"), make_group("Red")
    run = run_import(memberships("Red,ann"), profile=members)
    remove_members(red, [ann], actor=command_actor(), all_origins=True)
    plan = undo(run, apply=False)
    assert (plan.state, plan.counts) == (RunState.DONE, {})


def statements(run: Run, work: Callable[[Run], None]) -> int:
    claimed = claim_run(run.pk, "test")
    assert claimed is not None
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work(claimed)
    return len(captured)


def test_a_chunk_costs_the_same_however_many_members_it_has(members: str) -> None:
    make_group("Red")
    people = [f"Red,{person.user_name}" for person in make_people(60)]
    ImportProfile.objects.filter(name=members).update(complete=False)

    def counted(rows: list[str]) -> int:
        run = run_import(memberships(*rows), profile=members, apply=False)
        Run.objects.filter(pk=run.pk).update(state=RunState.APPLYING)
        actor = file_actor(members)
        return statements(run, lambda taken: apply_membership_rows(taken, load_profile(taken.profile), actor=actor))

    assert counted(people[:10]) == counted(people[10:])
    assert len(pairs()) == 60


def test_planned_rows_can_be_chosen(members: str) -> None:
    make_group("Red"), make_person("ann"), make_person("ben")
    run = run_import(memberships("Red,ann", "Red,ben"), profile=members, apply=False)
    done = carry_out(run, rows=[run.rows.get(key="ben").pk])
    assert done.counts["applied"] == {"created": 1, "skipped": 1}
    assert pairs() == {("Red", "ben")}
