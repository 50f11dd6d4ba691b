"""Planning people: what each row would do, to whom, and what is wrong with it."""

from collections import Counter
from collections.abc import Mapping

from connectors.engine.intake.missing import plan_missing
from connectors.engine.intake.people.differences import difference_of, groups_by, load_present, suspended_by
from connectors.engine.intake.people.problems import (
    circle_problems,
    known_departments,
    lost_references,
    managers_of,
    taken_names,
)
from connectors.engine.intake.people.rows import PersonRow
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import (
    DEPARTMENTS,
    GROUPS,
    PEOPLE,
    Difference,
    add_findings,
    chunks,
    counted,
    planned_state,
    sound_rows,
    write_plan,
)
from connectors.engine.intake.structure.circles import in_a_circle
from connectors.engine.intake.structure.departments import Named, stage_departments
from connectors.engine.intake.structure.groups import groups_named
from connectors.engine.intake.structure.org_units import plan_units
from connectors.models import Run
from connectors.vocabulary import RowState
from identities.canonical import fold

Counts = dict[str, Counter[str]]


def plan_people(run: Run, profile: Profile) -> Counts:
    """Decide what each row of people and departments would do, and who is missing; count by part and state."""
    named = stage_departments(run, profile)
    plan_units(run, profile, DEPARTMENTS)
    run.rows.filter(part=GROUPS).update(state=RowState.CREATE)
    touched = _plan_rows(run, profile, named if profile.options.groups_from_departments else {})
    if profile.complete:
        plan_missing(run, profile)
    groups = counted(run, GROUPS)
    groups[RowState.UPDATE.value] = sum(len(groups_named(names)) for names in chunks(touched))
    return {DEPARTMENTS: counted(run, DEPARTMENTS), PEOPLE: counted(run, PEOPLE), GROUPS: groups}


def _plan_rows(run: Run, profile: Profile, named: Named) -> set[str]:
    """Plan the rows of people; returns the groups that people come into or leave."""
    touched: set[str] = set()
    managers = managers_of(run)
    circles = in_a_circle({key: [manager] for key, manager in managers.items()})
    known = known_departments(run)
    for rows in sound_rows(run, PEOPLE):
        people = [PersonRow.from_json(row.number, row.key, row.values) for row in rows]
        present = load_present(people)
        suspended = suspended_by(profile.origin, present.values())
        groups = groups_by(profile.origin, present.values()) if named else {}
        problems = [
            *taken_names(people, present, profile),
            *lost_references(people, managers, known, profile),
            *circle_problems(people, circles, profile),
        ]
        bad = {problem.row for problem in problems}
        for row, person in zip(rows, people, strict=True):
            user = present.get(fold(person.key))
            row.object_id = user.pk if user else None
            row.difference = {}
            if row.number not in bad:
                row.difference = difference_of(person, user, profile)
                if user is not None and user.pk in suspended:
                    row.difference["suspended"] = [profile.origin, None]
                if named:
                    there = groups.get(user.pk, []) if user else []
                    row.difference |= _group_difference(person, named, there)
                    touched.update(*row.difference.get("groups", ()))
            row.state = RowState.PROBLEM if row.number in bad else planned_state(user is not None, row.difference)
        write_plan(run, rows)
        add_findings(run, PEOPLE, problems)
    return touched


def _group_difference(person: PersonRow, named: Mapping[str, tuple[str, str]], there: list[str]) -> Difference:
    """The group of the person's department, where this import has not put them into it and it alone."""
    _code, name = named.get(fold(person.department_code), ("", ""))
    wanted = [name] if name else []
    return {} if {fold(each) for each in there} == {fold(each) for each in wanted} else {"groups": [there, wanted]}
