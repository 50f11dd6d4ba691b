"""The org tree comes in: in any order, matched by code, with managers who may come later, and undone again."""

from collections import Counter

import pytest

from connectors.models import AwaitedManager, Run
from connectors.vocabulary import ImportContent, RunState
from identities.actions.org_units import move_org_unit, update_org_unit
from identities.actions.users import UserAttributes, create_user
from identities.actors import command_actor
from identities.models import AuditEntry, OrgUnit, User
from tests.connectors.engine.intake.importing import (
    carry_out,
    changes_nothing,
    demo,
    make_profile,
    problems,
    run_import,
    told,
    undo,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]

TREE, SHUFFLED, DEPARTMENTS = (
    demo(name) for name in ("hr_org_tree.csv", "hr_employees_shuffled.csv", "hr_departments.csv")
)
HEAD = "code,name,parent,manager\n"


@pytest.fixture
def units() -> str:
    return make_profile("units", ImportContent.ORG_UNITS).name


def tree(*rows: str) -> tuple[str, str]:
    return "units.csv", HEAD + "\n".join(rows)


def parents() -> dict[str, str | None]:
    return dict(OrgUnit.objects.filter(deleted_at=None).order_by().values_list("code", "parent__code"))


def assert_whole() -> None:
    """34 org units, departments below their divisions, managers set, 107 people in their units."""
    assert OrgUnit.objects.count() == 34
    above = parents()
    assert [code for code, parent in above.items() if parent is None] == ["HQ"]
    assert {parent for code, parent in above.items() if code.isdecimal()} <= {c for c in above if c.startswith("D-")}
    assert OrgUnit.objects.get(code="80").manager.employee_number == "145"
    assert OrgUnit.objects.get(code="D-FINA").manager.employee_number == "108"
    assert not AwaitedManager.objects.exists()
    assert User.objects.persons().count() == 107
    assert User.objects.persons().filter(org_unit=None).count() == 1


def test_the_tree_first_and_then_its_people() -> None:
    planned = run_import(TREE, profile="org-tree", apply=False)
    assert planned.counts == {"org_units": {"create": 34}}
    assert {each.code for each in planned.findings.all()} == {"unknown_manager"}
    assert not planned.findings.filter(blocking=True).exists()
    assert carry_out(planned).counts["applied"] == {"created": 34}
    waiting = AwaitedManager.objects.count()
    assert waiting == planned.findings.count() > 0

    run = run_import(SHUFFLED, DEPARTMENTS)

    assert (run.state, run.counts["departments"], run.counts["people"]) == (
        RunState.DONE,
        {"unchanged": 27},
        {"create": 107},
    )
    assert_whole()
    healed = AuditEntry.objects.filter(verb="org_unit.changed", cid=run.correlation_id)
    assert healed.count() == waiting


def test_the_people_first_and_then_the_tree() -> None:
    run_import(SHUFFLED, DEPARTMENTS)
    run = run_import(TREE, profile="org-tree")
    assert run.counts["org_units"] == {"create": 7, "update": 27}
    assert_whole()
    assert run.rows.get(key="80").difference == {"parent": [None, "D-COMM"]}

    again = run_import(SHUFFLED, DEPARTMENTS)
    assert changes_nothing(again)
    assert_whole()


def test_the_same_tree_again_writes_nothing_and_tells_nothing() -> None:
    run_import(TREE, profile="org-tree")
    before = told()
    assert changes_nothing(run_import(TREE, profile="org-tree"))
    assert told() == before
    assert AwaitedManager.objects.exists()


def test_a_manager_who_is_known_or_named_anew_is_no_longer_waited_for(units: str) -> None:
    run_import(tree("A,Alpha,,7", "B,Beta,,7"), profile=units)
    create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "eve", "employee_number": "8"}))
    run = run_import(tree("A,Alpha,,8", "B,Beta,,9"), profile=units)
    assert run.counts["org_units"] == {"update": 2}
    assert OrgUnit.objects.get(code="A").manager.user_name == "eve"
    assert list(AwaitedManager.objects.values_list("org_unit__code", "manager_key")) == [("B", "9")]


def test_what_an_administrator_set_while_a_manager_was_awaited_stays(units: str) -> None:
    run_import(tree("A,Alpha,,8"), profile=units)
    own = create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "own"}))
    update_org_unit(OrgUnit.objects.get(code="A"), actor=command_actor(), changes={"manager": own})
    create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "eve", "employee_number": "8"}))
    run = run_import(tree("B,Beta,,"), profile=units)
    assert (run.state, run.error) == (RunState.DONE, "")
    assert OrgUnit.objects.get(code="A").manager == own
    assert not AwaitedManager.objects.exists()


def test_units_are_renamed_and_moved_also_when_they_change_places(units: str) -> None:
    run_import(tree("C,Gamma,B,", "B,Beta,A,", "A,Alpha,,"), profile=units)
    assert parents() == {"A": None, "B": "A", "C": "B"}

    run = run_import(tree("R,Root,,", "C,Gamma,R,", "B,Bet,C,", "A,Alpha,B,"), profile=units)

    assert parents() == {"R": None, "C": "R", "B": "C", "A": "B"}
    assert run.rows.get(key="B").difference == {"name": ["Beta", "Bet"], "parent": ["A", "C"]}
    assert Counter(run.rows.values_list("planned", flat=True)) == {"create": 1, "update": 3}
    undone = undo(run)
    assert (undone.state, undone.findings.count()) == (RunState.DONE, 0)
    assert parents() == {"A": None, "B": "A", "C": "B"}
    assert OrgUnit.objects.get(code="B").name == "Beta"


def test_what_an_administrator_placed_is_left_there(units: str) -> None:
    run_import(tree("A,Alpha,,", "B,Beta,,"), profile=units)
    unit = OrgUnit.objects.get(code="B")
    move_org_unit(unit, actor=command_actor(), parent=OrgUnit.objects.get(code="A"))
    run = run_import(tree("A,Alpha,,", "B,Bet,,", "C,Gamma,,"), profile=units)
    assert run.counts["org_units"] == {"unchanged": 2, "create": 1}
    assert parents()["B"] == "A"


PROBLEMS = {
    "own ancestor": (("A,Alpha,B,", "B,Beta,A,"), ("org_unit_circle", 2, "parent", "B")),
    "above itself": (("A,Alpha,A,",), ("org_unit_circle", 2, "parent", "A")),
    "unknown parent": (("A,Alpha,X,",), ("unknown_parent", 2, "parent", "X")),
    "code twice": (("A,Alpha,,", "a,Beta,,"), ("duplicate", 3, "code", "a")),
    "siblings of one name": (("A,Alpha,,", "B,alpha,,"), ("same_name", 3, "name", "alpha")),
    "no name": (("A,,,",), ("required", 2, "name", "")),
    "no code": ((",Alpha,,",), ("required", 2, "code", "")),
    "too long": ((f"A,{'x' * 300},,",), ("too_long", 2, "name", "x" * 255)),
}


@pytest.mark.parametrize(("rows", "problem"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_tree_that_cannot_be_is_told_by_row_and_column(
    units: str, rows: tuple[str, ...], problem: tuple[str, int, str, str]
) -> None:
    run = run_import(tree(*rows), profile=units)
    assert problem in problems(run)
    assert run.state == RunState.PLANNED
    assert not OrgUnit.objects.exists()


def test_a_name_that_a_unit_beside_it_has_already_is_told(units: str) -> None:
    run_import(tree("A,Alpha,,"), profile=units)
    assert problems(run_import(tree("B,Alpha,,"), profile=units)) == [("same_name", 2, "name", "Alpha")]
    # Where the other one gets a new name or place in the same file, there is nothing wrong.
    assert run_import(tree("B,Alpha,,", "A,Omega,,"), profile=units).state == RunState.DONE


def test_an_undone_tree_is_gone_but_for_what_is_in_use(units: str) -> None:
    run = run_import(tree("C,Gamma,B,", "B,Beta,A,", "A,Alpha,,", "D,Delta,A,"), profile=units)
    unit = OrgUnit.objects.get(code="C")
    create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "eve", "org_unit": unit}))

    plan = undo(run, apply=False)

    assert plan.counts == {"org_units": {"close": 1, "unchanged": 3}}
    assert {each.code for each in plan.findings.all()} == {"changed_since"}
    carry_out(plan)
    assert parents() == {"A": None, "B": "A", "C": "B"}
    assert Run.objects.filter(undoes=run).count() == 1
