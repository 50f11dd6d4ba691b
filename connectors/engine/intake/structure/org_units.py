"""What an import makes of org units, from an org tree or a file of departments: the plan."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models.fields.json import KT

from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import (
    CHUNK,
    DEPARTMENTS,
    PEOPLE,
    Difference,
    add_findings,
    planned_state,
    sound_rows,
    write_plan,
)
from connectors.engine.intake.structure.awaited import awaited_managers
from connectors.engine.intake.structure.circles import in_a_circle
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.org_units.writing import may_change
from identities.canonical import fold
from identities.models import OrgUnit, User
from identities.rules.ownership import may_write


@dataclass(frozen=True, slots=True)
class Placed:
    """One org unit as it will stand: the folded code of the one above it, its folded name, the row that speaks of it
    (None: no row does).
    """

    parent: str
    name: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The org structure as it is, and as it will be with the rows of a run; by folded code."""

    present: Mapping[str, OrgUnit]
    to_be: Mapping[str, Placed]
    awaited: Mapping[UUID, tuple[str, str]]
    in_a_circle: frozenset[str]
    named_twice: Mapping[str, int | None]


def plan_units(run: Run, profile: Profile, part: str) -> None:
    """Decide what each row of org units would do, and write it into the rows; what is wrong becomes findings."""
    tree = _read_tree(run, profile, part)
    coming = _managers_coming(run, part)
    for rows in sound_rows(run, part):
        managers = people_with(row.values.get("manager", "") for row in rows)
        problems = [problem for row in rows for problem in _problems(row, tree, profile, part)]
        bad = {problem.row for problem in problems}
        for row in rows:
            unit = tree.present.get(fold(row.key))
            row.object_id = unit.pk if unit else None
            row.difference = {} if row.number in bad else _difference(row, unit, tree, managers, profile)
            row.state = RowState.PROBLEM if row.number in bad else planned_state(unit is not None, row.difference)
        write_plan(run, rows)
        add_findings(run, part, problems)
        add_findings(run, part, _unknown_managers(rows, coming.union(managers), profile, part), blocking=False)


def _managers_coming(run: Run, part: str) -> set[str]:
    """Folded keys of the managers of units whom the file of people has."""
    units = run.rows.filter(part=part).order_by().annotate(manager=KT("values__manager"))
    managers = units.values_list("manager", flat=True).distinct()
    named = {fold(manager) for manager in managers.iterator(CHUNK) if manager}
    keys = run.rows.filter(part=PEOPLE).order_by().values_list("key", flat=True) if named else run.rows.none()
    return {folded for key in keys.iterator(CHUNK) if (folded := fold(key)) in named}


def units_by_code(codes: Iterable[str]) -> dict[str, UUID]:
    """Ids of the org units with these codes, by folded code."""
    keys = {fold(code) for code in codes if code}
    found = OrgUnit.objects.without_tree_fields().filter(code_key__in=keys).order_by() if keys else ()
    return {str(unit.code_key): unit.pk for unit in found}


def people_with(keys: Iterable[str]) -> dict[str, UUID]:
    """Ids of the people with these employee numbers, by folded number."""
    wanted = {fold(key) for key in keys if key}
    if not wanted:
        return {}
    persons = User.objects.persons().filter(employee_number_key__in=wanted)
    return dict(persons.values_list("employee_number_key", "pk"))


def _read_tree(run: Run, profile: Profile, part: str) -> Tree:
    units = OrgUnit.objects.without_tree_fields().filter(deleted_at=None).select_related("manager", "parent")
    present = {str(unit.code_key): unit for unit in units.order_by()}
    to_be = {
        code: Placed(unit.parent.code_key if unit.parent else "", fold(unit.name)) for code, unit in present.items()
    }
    rows = run.rows.filter(part=part).exclude(state=RowState.PROBLEM).order_by("number")
    named = rows.annotate(unit_name=KT("values__name"), above=KT("values__parent"))
    for number, key, name, parent in named.values_list("number", "key", "unit_name", "above").iterator(CHUNK):
        unit, before = present.get(fold(key)), to_be.get(fold(key), Placed("", ""))
        moves = bool(parent) and (unit is None or may_change(unit, "parent", profile.origin))
        renamed = unit is None or may_change(unit, "name", profile.origin)
        to_be[fold(key)] = Placed(
            fold(parent) if moves else before.parent, fold(name or "") if renamed else before.name, number
        )
    circle = in_a_circle({code: [placed.parent] for code, placed in to_be.items()})
    return Tree(present, to_be, awaited_managers(), frozenset(circle), _named_twice(to_be))


def _named_twice(to_be: Mapping[str, Placed]) -> dict[str, int | None]:
    """Codes of units whose row gives them the name of a sibling, with the row of that sibling."""
    first: dict[tuple[str, str], str] = {}
    found = {}
    # Those without a row stand where they are; of two rows the later one is told.
    for code in sorted(to_be, key=lambda each: to_be[each].row or 0):
        placed = to_be[code]
        other = first.setdefault((placed.parent, placed.name), code)
        if other != code and placed.row is not None:
            found[code] = to_be[other].row
    return found


def _problems(row: StagedRow, tree: Tree, profile: Profile, part: str) -> Iterator[Problem]:
    code, parent = fold(row.key), row.values.get("parent", "")
    column = profile.column_of("parent")
    if parent and fold(parent) not in tree.to_be:
        said = f"Row {row.number}: the org unit {parent} above {row.key} is neither in the file nor known."
        text = f"{said} Correct its code, or add its row."
        yield Problem("unknown_parent", text, row.number, column, parent)
    elif parent and code in tree.in_a_circle:
        text = f"Row {row.number}: {row.key} would stand below itself, through {column} {parent}. Name another."
        yield Problem("org_unit_circle", text, row.number, column, parent)
    if part != DEPARTMENTS and code in tree.named_twice:
        name, other = row.values["name"], tree.named_twice[code]
        where = f"row {other}" if other else "an org unit that is there"
        text = f"Row {row.number}: {name} has the same name as {where}, and both stand below the same one. Rename one."
        yield Problem("same_name", text, row.number, profile.column_of("name"), name)


def _difference(
    row: StagedRow, unit: OrgUnit | None, tree: Tree, managers: Mapping[str, UUID], profile: Profile
) -> Difference:
    """What a row would change of what it may change; a manager who is not known yet is waited for."""
    wanted = {name: value for name in ("name", "parent", "manager") if (value := row.values.get(name))}
    if unit is None:
        return {"code": [None, row.key], **{name: [None, value] for name, value in wanted.items()}}
    current = {
        "name": unit.name,
        "parent": unit.parent.code if unit.parent else None,
        "manager": unit.manager.employee_number if unit.manager else None,
    }
    difference: Difference = {}
    for name, value in wanted.items():
        same = value == current[name] if name == "name" else fold(value) == fold(current[name] or "")
        waited_for = name == "manager" and _is_waited_for(unit, value, tree, managers, profile.origin)
        if not same and not waited_for and may_change(unit, name, profile.origin):
            difference[name] = [current[name], value]
    return difference


def _is_waited_for(unit: OrgUnit, manager: str, tree: Tree, managers: Mapping[str, UUID], origin: str) -> bool:
    """Whether the unit waits for this manager already, or for one whom another origin named that owns the unit."""
    key, by = tree.awaited.get(unit.pk, ("", origin))
    if by != origin:
        return not may_write(origin, by)
    return key == fold(manager) and key not in managers


def _unknown_managers(
    rows: Iterable[StagedRow], known: Collection[str], profile: Profile, part: str
) -> Iterator[Problem]:
    column = profile.options.department_manager_column if part == DEPARTMENTS else profile.column_of("manager")
    for row in rows:
        manager = row.values.get("manager", "")
        if manager and fold(manager) not in known and row.state != RowState.PROBLEM:
            text = f"Row {row.number}: the manager {manager} is not known yet, and is set once an import brings them."
            yield Problem("unknown_manager", text, row.number, column, manager)
