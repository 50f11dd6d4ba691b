"""What is wrong with people's rows that only shows when all of them, or those who are there, are looked at."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models.fields.json import KT

from connectors.engine.intake.people.rows import PersonRow
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import CHUNK, DEPARTMENTS, PEOPLE
from connectors.models import Run
from connectors.vocabulary import RowState
from identities.canonical import fold
from identities.models import OrgUnit, User


def managers_of(run: Run) -> dict[str, str]:
    """Folded manager key by folded key, for everybody of the file whom it names as a manager: nobody else is in a
    circle. Of a key that stands twice the first counts.
    """
    people = run.rows.filter(part=PEOPLE).exclude(key="").annotate(manager=KT("values__manager"))
    named = {
        fold(manager)
        for manager in people.order_by().values_list("manager", flat=True).distinct().iterator(chunk_size=CHUNK)
        if manager
    }
    managers: dict[str, str] = {}
    rows = people.order_by("number").values_list("key", "manager")
    for key, manager in rows.iterator(chunk_size=CHUNK):
        if (folded := fold(key)) in named:
            managers.setdefault(folded, fold(manager or ""))
    return managers


def circle_problems(people: Sequence[PersonRow], circles: Collection[str], profile: Profile) -> list[Problem]:
    """People who would be, directly or through others, their own manager."""
    column = profile.options.manager_column
    return [
        Problem(
            "manager_circle",
            f"Row {person.row}: {person.key} would be their own manager, through {column} {person.manager_key}.",
            person.row,
            column,
            person.manager_key,
        )
        for person in people
        if fold(person.key) in circles
    ]


def taken_names(people: Sequence[PersonRow], present: dict[str, User], profile: Profile) -> list[Problem]:
    """User names that belong to somebody else already."""
    names = {fold(person.changes["user_name"]): person for person in people}
    holders = User.objects.present().filter(user_name_key__in=names).values_list("user_name_key", "pk")
    column = profile.column_of("user_name")
    problems = []
    for name, holder in holders:
        person = names[name]
        own: UUID | None = present[fold(person.key)].pk if fold(person.key) in present else None
        if holder != own:
            said = f"Row {person.row}: the user name {person.changes['user_name']} belongs to somebody else."
            text = f"{said} Choose another."
            problems.append(Problem("user_name_taken", text, person.row, column, person.changes["user_name"]))
    return problems


def known_departments(run: Run) -> set[str]:
    """Folded codes of the departments of this run and of those already there."""
    staged = run.rows.filter(part=DEPARTMENTS).exclude(state=RowState.PROBLEM).values_list("key", flat=True)
    present = OrgUnit.objects.filter(deleted_at__isnull=True).values_list("code_key", flat=True)
    return {fold(key) for key in staged} | {key for key in present if key}


def lost_references(
    people: Sequence[PersonRow], managers: dict[str, str], known: set[str], profile: Profile
) -> list[Problem]:
    """Managers and departments that are neither in the files nor known."""
    named = {fold(person.manager_key) for person in people if person.manager_key}
    wanted = {key for key in named if key not in managers}
    there = set(
        User.objects.persons().filter(employee_number_key__in=wanted).values_list("employee_number_key", flat=True)
    )
    options, problems = profile.options, []
    for person in people:
        if person.manager_key and fold(person.manager_key) in wanted - there:
            said = f"Row {person.row}: the manager {person.manager_key} is neither in the file nor known."
            text = f"{said} Correct it, or add their row."
            problems.append(Problem("unknown_manager", text, person.row, options.manager_column, person.manager_key))
        if person.department_code and not person.department_name and fold(person.department_code) not in known:
            said = f"Row {person.row}: the department {person.department_code} is not known and has no name here."
            text = f"{said} Correct it, or name it."
            column = options.department_code_column
            problems.append(Problem("unknown_department", text, person.row, column, person.department_code))
    return problems
