"""A second personnel file: exactly its joiners, movers, leavers and new names, and undone exactly the inverse."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.actions.import_profiles import profile_named
from connectors.actions.imports import apply_import, cancel_import, undo_of
from connectors.engine.intake import work
from connectors.engine.intake.people import applying as people_applying
from connectors.engine.intake.undo import applying as undo_applying
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RowState, RunState
from identities.actions.users import override_value, update_user
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.models import AuditEntry, Membership, MultiValue, OrgUnit, Suspension, User
from tests.connectors.engine.intake.importing import carry_out, changes_nothing, demo, problems, run_import, told, undo

pytestmark = [pytest.mark.django_db, pytest.mark.database]

EMPLOYEES, DEPARTMENTS = demo("hr_employees.csv"), demo("hr_departments.csv")
PEOPLE = 107
JOINERS = [
    f"{900 + number},New{number},Comer,new{number}@example.com,5,2020-01-01,Clerk,103,60,IT,Southlake,Texas,US,Americas"
    for number in range(5)
]
LEAVERS = ("105", "106", "107")
MOVERS = ("129", "130", "131", "132", "133", "134", "135")


@pytest.fixture
def first() -> Run:
    """Everybody is imported, by a profile whose files are complete from now on."""
    profile_named("hr", actor=command_actor())
    ImportProfile.objects.update(complete=True)
    return run_import(EMPLOYEES, DEPARTMENTS)


def edited(change: Callable[[list[str]], list[str] | None], *more: str) -> tuple[str, str]:
    """The personnel file with each row changed, or left out."""
    name, text = EMPLOYEES
    header, *rows = text.splitlines()
    kept = [changed for row in rows if (changed := change(row.split(","))) is not None]
    return name, "\n".join([header, *(",".join(row) for row in kept), *more])


def second() -> tuple[str, str]:
    """5 joiners, 7 who move from Shipping to Sales, 3 leavers, 2 new names."""

    def change(row: list[str]) -> list[str] | None:
        if row[0] in LEAVERS:
            return None
        if row[0] in MOVERS:
            return [*row[:7], "149", "80", "Sales", *row[10:]]
        if row[0] in ("110", "111"):
            return [row[0], row[1], f"{row[2]}-Smith", *row[3:]]
        return row

    return edited(change, *JOINERS)


def state() -> dict[str, Any]:
    """All that an import of people writes, but for who is there."""
    numbers = [str(number) for number in range(100, 207)]
    people = User.objects.persons().filter(employee_number__in=numbers).order_by("pk")
    values = ("family_name", "display_name", "manager", "org_unit", "department", "state", "active")
    rows = MultiValue.objects.filter(user__in=people).order_by("user_id", "attribute")
    return {
        "people": list(people.values_list("pk", *values)),
        "rows": list(rows.values_list("user_id", "attribute", "value", "primary", "origin")),
        "groups": set(Membership.objects.values_list("group__display_name", "user_id")),
        "units": list(OrgUnit.objects.order_by("pk").values_list("pk", "name", "parent", "manager")),
    }


def test_a_second_file_changes_exactly_what_differs_and_its_undo_the_inverse(first: Run) -> None:
    before = state()
    run = run_import(second(), DEPARTMENTS)

    assert run.counts["people"] == {"create": 5, "update": 9, "disable": 3, "unchanged": 95}
    assert {part: run.counts[part] for part in ("departments", "groups")} == {
        "departments": {"unchanged": 27},
        "groups": {"update": 3},
    }
    applied = {"created": 5, "updated": 9, "disabled": 3, "unchanged": 95}
    assert applied.items() <= run.counts["applied"].items()
    assert User.objects.persons().count() == PEOPLE + 5
    assert set(User.objects.persons().filter(active=False).values_list("employee_number", flat=True)) == set(LEAVERS)
    assert set(Suspension.objects.values_list("origin", flat=True)) == {"file:hr"}
    moved = run.rows.get(part="people", key="129").difference
    assert moved == {
        "department": ["Shipping", "Sales"],
        "manager": ["121", "149"],
        "org_unit": ["50", "80"],
        "groups": [["Shipping"], ["Sales"]],
    }
    verbs = AuditEntry.objects.filter(cid=run.correlation_id).order_by("verb").values_list("verb", flat=True)
    assert {verb: list(verbs).count(verb) for verb in set(verbs)} == {
        "import.started": 1,
        "user.created": 5,
        "user.changed": 9,
        "user.suspended": 3,
        "group.members_added": 2,
        "group.members_removed": 1,
    }
    told_before = told()
    assert changes_nothing(again := run_import(second(), DEPARTMENTS)), again.counts
    assert told() == told_before

    undone = undo(run)
    assert undone.counts["people"] == {"deprovision": 5, "update": 9, "lift": 3}
    assert undone.counts["memberships"] == {"withdrawn": 12, "create": 7}
    assert undone.findings.count() == 0
    assert state() == before
    gone = User.objects.persons().filter(employee_number__startswith="90")
    assert set(gone.values_list("state", "active")) == {("deprovisioned", False)}
    assert undo_of(run) == undone
    with pytest.raises(RuleViolation, match="was undone"):
        undo(run)


def test_an_undo_leaves_what_others_wrote_since_and_lists_it(first: Run) -> None:
    run = run_import(second(), DEPARTMENTS)
    actor = command_actor()
    renamed, moved = User.objects.get(employee_number="110"), User.objects.get(employee_number="129")
    override_value(renamed, actor=actor, attribute="family_name", value="Young", reason="marriage")
    update_user(moved, actor=actor, changes={"org_unit": OrgUnit.objects.get(code="60")})

    plan = undo(run, apply=False)

    assert problems(plan) == [
        ("changed_since", 9, "family_name", "Young"),
        ("changed_since", 28, "org_unit", "60"),
    ]
    assert "written by admin" in plan.findings.first().message
    carry_out(plan)
    renamed.refresh_from_db()
    moved.refresh_from_db()
    assert (renamed.family_name, renamed.display_name) == (
        "Young",
        "Jose Manuel Urman",
    ) or renamed.family_name == "Young"
    assert (moved.org_unit.code, moved.department, moved.manager.employee_number) == ("60", "Shipping", "121")


def test_the_first_import_undone_leaves_nobody_working_and_nothing_in_groups(first: Run) -> None:
    undone = undo(first)
    assert undone.counts["people"] == {"deprovision": PEOPLE}
    assert undone.counts["groups"] == {"close": 27}
    assert undone.counts["departments"] == {"close": 16, "unchanged": 11}
    assert not User.objects.persons().filter(active=True).exists()
    assert not Membership.objects.exists()
    assert OrgUnit.objects.filter(deleted_at=None).count() == 11
    assert undone.state == RunState.DONE
    words = ("deprovisioned", "memberships_withdrawn", "groups_closed", "departments_closed", "departments_unchanged")
    assert set(undone.counts["applied"]) == set(words)


def test_those_who_come_back_are_lifted_and_nobody_twice_disabled(first: Run) -> None:
    run_import(second(), DEPARTMENTS)
    back = run_import(EMPLOYEES, DEPARTMENTS)
    assert back.counts["people"] == {"update": 12, "unchanged": 95, "disable": 5}
    assert back.rows.get(part="people", key="105").difference == {"suspended": ["file:hr", None]}
    assert User.objects.persons().filter(active=True).count() == PEOPLE
    undo(back)
    assert set(User.objects.filter(active=False, kind="person").values_list("employee_number", flat=True)) == set(
        LEAVERS
    )


def test_whom_an_administrator_suspended_stays_suspended(first: Run) -> None:
    person = User.objects.get(employee_number="100")
    Suspension.objects.create(user=person, origin="admin", since=person.created_at)
    assert changes_nothing(run_import(EMPLOYEES, DEPARTMENTS))


def test_many_missing_people_need_their_number_typed(first: Run) -> None:
    few = edited(lambda row: row if int(row[0]) < 180 else None)  # 27 of 107 are missing: over 20, and over 10 percent
    name, departments = DEPARTMENTS
    run = run_import(few, (name, departments))
    assert (run.state, run.counts["people"]["disable"]) == (RunState.PLANNED, 27)
    assert ("many_missing", None, "", "27") in problems(run)

    for number in (None, 26):
        with pytest.raises(RuleViolation, match="27 people are missing"):
            apply_import(run, actor=command_actor(), confirm_missing=number)
    carry_out(run, confirm_missing=27)
    assert (run.state, run.confirmed_removals) == (RunState.PLANNED, False)
    run.refresh_from_db()
    assert (run.state, run.confirmed_removals) == (RunState.DONE, True)
    assert Suspension.objects.count() == 27


@pytest.mark.parametrize("limits", [{"missing_limit": 27}, {"missing_limit_percent": 26}])
def test_within_either_limit_nobody_is_asked(first: Run, limits: dict[str, int]) -> None:
    ImportProfile.objects.update(**limits)
    run = run_import(edited(lambda row: row if int(row[0]) < 180 else None), DEPARTMENTS)
    assert (run.state, Suspension.objects.count()) == (RunState.DONE, 27)


def test_an_empty_file_disables_nobody(first: Run) -> None:
    run = run_import(edited(lambda row: None))
    assert (run.state, [each.code for each in run.findings.all()]) == (RunState.PLANNED, ["empty_file"])
    with pytest.raises(RuleViolation):
        carry_out(run)


def test_a_file_that_is_not_complete_disables_nobody(first: Run) -> None:
    ImportProfile.objects.update(complete=False)
    assert "disable" not in run_import(second(), DEPARTMENTS).counts["people"]


def test_chosen_rows_are_applied_and_the_others_skipped() -> None:
    name, text = EMPLOYEES
    plan = run_import((name, text), apply=False)
    chosen = plan.rows.filter(part="people", key__in=("100", "103", "149"))

    run = carry_out(plan, rows=[row.pk for row in chosen])

    assert run.counts["applied"]["created"] == 3
    assert run.rows.filter(part="people", state=RowState.SKIPPED, planned=RowState.CREATE).count() == 104
    assert set(User.objects.persons().values_list("employee_number", "org_unit__code", "manager__employee_number")) == {
        ("100", "90", None),
        ("103", "60", None),
        ("149", "80", "100"),
    }
    assert set(Membership.objects.values_list("group__display_name", flat=True)) == {"Executive", "IT", "Sales"}
    assert OrgUnit.objects.count() == 3
    with pytest.raises(RuleViolation):
        apply_import(
            run_import((name, text.replace("Steven", "Stephen")), apply=False), actor=command_actor(), rows=[0]
        )
    assert run_import((name, text)).counts["people"] == {"create": 104, "update": 1, "unchanged": 2}


def test_an_import_cancelled_on_the_way_keeps_what_is_applied_and_lists_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_import(EMPLOYEES, apply=False)
    apply_import(run, actor=command_actor())
    apply_chunk, calls = people_applying._apply_chunk, []

    def then_cancelled(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            cancel_import(run, actor=command_actor())
        apply_chunk(*args)

    monkeypatch.setattr(people_applying, "APPLY_CHUNK", 20)
    monkeypatch.setattr(people_applying, "_apply_chunk", then_cancelled)
    assert work("worker") == 1

    run.refresh_from_db()
    done = User.objects.persons().count()
    assert 0 < done < PEOPLE
    assert (run.state, run.counts["applied"]["created"]) == (RunState.CANCELLED, done)
    assert run.counts["applied"]["skipped"] == PEOPLE - done
    with pytest.raises(RuleViolation):
        cancel_import(run, actor=command_actor())
    assert undo(run).counts["people"] == {"deprovision": done}


def test_an_undo_that_dies_is_gone_on_with_by_the_next_worker(first: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state()
    plan = undo(run_import(second(), DEPARTMENTS), apply=False)
    apply_import(plan, actor=command_actor())

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(undo_applying, "apply_membership_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            work("killed")
    assert state() != before
    Run.objects.filter(pk=plan.pk).update(lease_until="2000-01-01T00:00:00Z")
    assert work("next") == 1

    plan.refresh_from_db()
    assert (plan.state, state()) == (RunState.DONE, before)
    assert {"deprovisioned": 5, "updated": 9, "lifted": 3}.items() <= plan.counts["applied"].items()
