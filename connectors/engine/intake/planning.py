"""Planning: what applying the staged rows would do, row by row. Writes the plan into the rows, nothing into the
identities.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from connectors.engine.intake.departments import membership_changes, named_departments
from connectors.engine.intake.person_rows import PersonRow
from connectors.engine.intake.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staging import CHUNK, DEPARTMENTS, PEOPLE, add_findings
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.audit.differences import plain
from identities.canonical import fold
from identities.models import Group, MultiValue, OrgUnit, User
from identities.queries.owner_orders import order_of
from identities.rules.attributes import custom_name
from identities.rules.ownership import may_write, owner_of
from identities.rules.rows import Row, clean_rows, merge_rows

GROUPS = "groups"
Difference = dict[str, list[Any]]


def plan(run: Run, profile: Profile) -> dict[str, dict[str, int]]:
    """Decide what each staged row would do, and count: `{part: {create, update, unchanged, problem}}` for
    departments, people, groups.

    References that lead nowhere, user names that are taken and managers in a circle become findings.
    """
    people = _plan_people(run, profile)
    counts = {DEPARTMENTS: _plan_departments(run), PEOPLE: people, GROUPS: _plan_groups(run, profile)}
    return {part: {state: number for state, number in counted.items() if number} for part, counted in counts.items()}


def _plan_departments(run: Run) -> Counter[str]:
    counts: Counter[str] = Counter()
    for rows in _sound_rows(run, DEPARTMENTS):
        units = OrgUnit.objects.filter(code_key__in=[fold(row.key) for row in rows]).select_related("manager")
        present = {unit.code_key: unit for unit in units}
        managers = _persons_with([row.values["manager"] for row in rows])
        for row in rows:
            unit = present.get(fold(row.key))
            row.object_id = unit.pk if unit else None
            row.difference = _department_difference(row, unit, managers)
            row.state = _state(unit is not None, row.difference)
            counts[row.state] += 1
        StagedRow.objects.bulk_update(rows, ["object_id", "difference", "state"])
    counts[RowState.PROBLEM] = run.rows.filter(part=DEPARTMENTS, state=RowState.PROBLEM).count()
    return counts


def _plan_groups(run: Run, profile: Profile) -> Counter[str]:
    """How many groups of departments are missing, and how many have other members than the file says."""
    if not profile.options.groups_from_departments:
        return Counter()
    names = {fold(name) for _code, name in named_departments(run).values()}
    present = Group.objects.present().filter(display_name_key__in=names).count()
    changed = sum(1 for _ in membership_changes(run, profile.origin))
    return Counter({RowState.CREATE.value: len(names) - present, RowState.UPDATE.value: changed})


def _department_difference(row: StagedRow, unit: OrgUnit | None, managers: set[str]) -> Difference:
    name = row.values["name"]
    if unit is None:
        return {"code": [None, row.key], "name": [None, name]}
    difference: Difference = {} if unit.name == name else {"name": [unit.name, name]}
    wanted, manager = row.values["manager"], unit.manager.employee_number if unit.manager else ""
    if fold(wanted) in managers and fold(wanted) != fold(manager):
        difference["manager"] = [manager or None, wanted]
    return difference


def _persons_with(keys: Iterable[str]) -> set[str]:
    """Those of these keys, folded, that people have."""
    persons = User.objects.persons().filter(employee_number_key__in={fold(key) for key in keys if key})
    return set(persons.values_list("employee_number_key", flat=True))


def _plan_people(run: Run, profile: Profile) -> Counter[str]:
    counts: Counter[str] = Counter()
    managers = _managers(run, profile)
    circles = _in_a_circle(managers)
    known = _known_departments(run)
    for rows in _sound_rows(run, PEOPLE):
        people = [PersonRow.from_json(row.number, row.key, row.values) for row in rows]
        present = load_present(people)
        problems = [
            *_taken_names(people, present, profile),
            *_lost_references(people, managers, known, profile),
            *_circle_problems(people, circles, profile),
        ]
        bad = {problem.row for problem in problems}
        for row, person in zip(rows, people, strict=True):
            user = present.get(fold(person.key))
            row.object_id = user.pk if user else None
            row.difference = {} if row.number in bad else difference_of(person, user, profile)
            row.state = RowState.PROBLEM if row.number in bad else _state(user is not None, row.difference)
            counts[row.state] += 1
        StagedRow.objects.bulk_update(rows, ["object_id", "difference", "state"])
        add_findings(run, PEOPLE, problems)
    counts[RowState.PROBLEM] = run.rows.filter(part=PEOPLE, state=RowState.PROBLEM).count()
    return counts


def _state(exists: bool, difference: Difference) -> RowState:
    if not exists:
        return RowState.CREATE
    return RowState.UPDATE if difference else RowState.UNCHANGED


def _sound_rows(run: Run, part: str) -> Iterator[list[StagedRow]]:
    """The rows without problems, in chunks, each read after the chunk before it was written."""
    last = 0
    sound: QuerySet[StagedRow] = run.rows.filter(part=part).exclude(state=RowState.PROBLEM).order_by("number")
    while rows := list(sound.filter(number__gt=last)[:CHUNK]):
        yield rows
        last = rows[-1].number


def load_present(people: Sequence[PersonRow]) -> dict[str, User]:
    """The persons with these keys, by folded key, with org unit, manager and multi-valued attributes loaded."""
    keys = [fold(person.key) for person in people]
    found = (
        User.objects.persons()
        .filter(employee_number_key__in=keys)
        .select_related("manager", "org_unit")
        .prefetch_related("multi_values")
    )
    return {user.employee_number_key: user for user in found}


def difference_of(person: PersonRow, user: User | None, profile: Profile) -> Difference:
    """What this row would change: `{attribute: [old, new]}`; values owned by origins that rank above are left out."""
    difference: Difference = {}
    for name, value in person.changes.items():
        old = _current(user, name)
        if plain(old) != plain(value) and _may_write(user, name, old, profile):
            difference[name] = [plain(old), plain(value)]
    for name, rows in person.multi_values.items():
        if user is None or _rows_differ(user, name, rows, profile):
            difference[name] = [_shown(user, name), [_text(row) for row in rows]]
    difference.update(_reference_difference(person, user, profile))
    return difference


def _current(user: User | None, name: str) -> Any:
    if user is None:
        return None
    custom = custom_name(name)
    return user.custom.get(custom) if custom else getattr(user, name)


def _may_write(user: User | None, name: str, old: Any, profile: Profile) -> bool:
    if user is None:
        return True
    return may_write(profile.origin, owner_of(name, old, user.owners, user.default_origin), order_of(name))


def _rows_differ(user: User, name: str, rows: list[dict[str, Any]], profile: Profile) -> bool:
    current = [
        Row(v.value, v.type, v.display, v.primary, v.data, v.origin, v.pk)
        for v in user.multi_values.all()
        if v.attribute == name
    ]
    key = f"{name}.primary"
    chosen = any(row.primary for row in current) or None
    owner = owner_of(key, chosen, user.owners, user.default_origin)
    wanted = clean_rows(name, rows)
    merged = merge_rows(name, current, wanted, origin=profile.origin, primary_owner=owner, order=order_of(name))
    return tuple(merged.rows) != tuple(current)


def _shown(user: User | None, name: str) -> list[str]:
    values: Iterable[MultiValue] = user.multi_values.all() if user else ()
    return [value.value or ", ".join(map(str, value.data.values())) for value in values if value.attribute == name]


def _text(row: dict[str, Any]) -> str:
    return row["value"] or ", ".join(map(str, row.get("data", {}).values()))


def _reference_difference(person: PersonRow, user: User | None, profile: Profile) -> Difference:
    difference: Difference = {}
    manager = user.manager.employee_number if user and user.manager else ""
    if person.manager_key and person.manager_key != manager and _may_write(user, "manager", manager, profile):
        difference["manager"] = [manager or None, person.manager_key]
    code = user.org_unit.code if user and user.org_unit else ""
    if person.department_code and person.department_code != code and _may_write(user, "org_unit", code, profile):
        difference["org_unit"] = [code or None, person.department_code]
    return difference


# Problems across rows -----------------------------------------------------------------------------------------------


def _managers(run: Run, profile: Profile) -> dict[str, str]:
    """Folded manager key by folded key, for every person of the file; of a key that stands twice the first counts."""
    rows = run.rows.filter(part=PEOPLE).exclude(key="").annotate(manager=KT("values__manager")).order_by("number")
    managers: dict[str, str] = {}
    for key, manager in rows.values_list("key", "manager").iterator(chunk_size=CHUNK):
        managers.setdefault(fold(key), fold(manager or ""))
    return managers


def _in_a_circle(managers: dict[str, str]) -> set[str]:
    """Keys of people who are, through the managers named in the file, their own manager."""
    done: set[str] = set()
    circles: set[str] = set()
    for start in managers:
        path: list[str] = []
        here = start
        while here in managers and here not in done and here not in path:
            path.append(here)
            here = managers[here]
        if here in path:
            circles.update(path[path.index(here) :])
        done.update(path)
    return circles


def _circle_problems(people: Sequence[PersonRow], circles: set[str], profile: Profile) -> list[Problem]:
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


def _taken_names(people: Sequence[PersonRow], present: dict[str, User], profile: Profile) -> list[Problem]:
    """User names that belong to somebody else already."""
    names = {fold(person.changes["user_name"]): person for person in people}
    holders = User.objects.present().filter(user_name_key__in=names).values_list("user_name_key", "pk")
    column = profile.column_of("user_name")
    problems = []
    for name, holder in holders:
        person = names[name]
        own: UUID | None = present[fold(person.key)].pk if fold(person.key) in present else None
        if holder != own:
            text = f"Row {person.row}: the user name {person.changes['user_name']} belongs to somebody else."
            problems.append(Problem("user_name_taken", text, person.row, column, person.changes["user_name"]))
    return problems


def _known_departments(run: Run) -> set[str]:
    """Folded codes of the departments of this run and of those already there."""
    staged = run.rows.filter(part=DEPARTMENTS).exclude(state=RowState.PROBLEM).values_list("key", flat=True)
    present = OrgUnit.objects.filter(deleted_at__isnull=True).values_list("code_key", flat=True)
    return {fold(key) for key in staged} | {key for key in present if key}


def _lost_references(
    people: Sequence[PersonRow], managers: dict[str, str], known: set[str], profile: Profile
) -> list[Problem]:
    """Managers and departments that are neither in the files nor known."""
    wanted = {fold(person.manager_key) for person in people if person.manager_key} - set(managers)
    there = set(
        User.objects.persons().filter(employee_number_key__in=wanted).values_list("employee_number_key", flat=True)
    )
    options, problems = profile.options, []
    for person in people:
        if person.manager_key and fold(person.manager_key) in wanted - there:
            text = f"Row {person.row}: the manager {person.manager_key} is neither in the file nor known."
            problems.append(Problem("unknown_manager", text, person.row, options.manager_column, person.manager_key))
        if person.department_code and not person.department_name and fold(person.department_code) not in known:
            text = f"Row {person.row}: the department {person.department_code} is not known and has no name here."
            column = options.department_code_column
            problems.append(Problem("unknown_department", text, person.row, column, person.department_code))
    return problems
