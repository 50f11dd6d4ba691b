"""Applying what a plan makes of org units: new ones from the top down, then changes and moves from the top down, so
that no unit ever stands below itself on the way.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from connectors.engine.intake.lease import renew
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import APPLY_CHUNK, Difference, chunks, mark, write_marks
from connectors.engine.intake.structure.awaited import await_managers
from connectors.engine.intake.structure.org_units import people_with, units_by_code
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.org_units import (
    NewOrgUnit,
    OrgUnitMove,
    OrgUnitUpdate,
    create_org_units_many,
    move_org_units_many,
    update_org_units_many,
)
from identities.actors import Actor
from identities.audit.differences import plain
from identities.canonical import fold
from identities.errors import Conflict, IdentityError, NotFound
from identities.models import OrgUnit

_COLUMNS = {"name": "name", "parent": "parent_id", "manager": "manager_id"}


def apply_units(run: Run, profile: Profile, part: str, *, actor: Actor) -> None:
    """Create, change and move the org units of a run; what others did meanwhile is refused row by row."""
    for rows in _from_the_top(run, part, RowState.CREATE):
        with transaction.atomic():
            _create(rows, actor)
            write_marks(run, part, rows, profile.columns)
            renew(run, progress=True, processed=run.processed + len(rows))
    for rows in _from_the_top(run, part, RowState.UPDATE):
        with transaction.atomic():
            _update(rows, actor)
            write_marks(run, part, rows, profile.columns)
            renew(run, progress=True, processed=run.processed + len(rows))


def _from_the_top(run: Run, part: str, state: RowState) -> Iterator[list[StagedRow]]:
    """Rows to be applied in chunks; rows of units that stand below others of them come in a later chunk."""
    found = run.rows.filter(part=part, state=state).order_by("number").values_list("pk", "key", "values")
    waiting = {fold(key): (pk, fold(values.get("parent", ""))) for pk, key, values in found.iterator()}
    while waiting:
        ready = {key: pk for key, (pk, parent) in waiting.items() if parent not in waiting or parent == key}
        for some in chunks(ready.values(), APPLY_CHUNK):
            by_id = StagedRow.objects.in_bulk(some)
            yield [by_id[pk] for pk in some]
        waiting = {key: value for key, value in waiting.items() if key not in ready}


def _create(rows: Sequence[StagedRow], actor: Actor) -> None:
    """Create org units; those that somebody else created since the plan was made are changed."""
    there = units_by_code(row.key for row in rows)
    _update([row for row in rows if fold(row.key) in there], actor)
    new = [row for row in rows if fold(row.key) not in there]
    parents = units_by_code(row.values.get("parent", "") for row in new)
    people = people_with(row.values.get("manager", "") for row in new)
    sound = []
    for row in new:
        if (parent := row.values.get("parent")) and fold(parent) not in parents:
            mark(row, NotFound("parent_gone", f"There is no org unit {parent} to put {row.key} below.", field="parent"))
        else:
            sound.append(row)
    wanted = [
        NewOrgUnit(
            row.values["name"],
            row.key,
            parents.get(fold(row.values.get("parent", ""))),
            people.get(fold(row.values.get("manager", ""))),
        )
        for row in sound
    ]
    results = create_org_units_many(wanted, actor=actor)
    made = _codes_there([row for row, result in zip(sound, results, strict=True) if isinstance(result, Conflict)])
    for row, result in zip(sound, results, strict=True):
        if fold(row.key) in made:
            # Made by somebody else at this very moment: it is there, and that is all that was wanted.
            row.state = RowState.UNCHANGED
            continue
        mark(row, result)
        row.object_id = result.pk if isinstance(result, OrgUnit) else None
    _remember(sound, people, actor)


def _codes_there(rows: Sequence[StagedRow]) -> set[str]:
    """Folded codes of these rows that units have by now."""
    keys = [fold(row.key) for row in rows]
    units = OrgUnit.objects.without_tree_fields().filter(code_key__in=keys, deleted_at=None).order_by()
    return set(units.values_list("code_key", flat=True)) if keys else set()


def _update(rows: Sequence[StagedRow], actor: Actor) -> None:
    """Give org units the name, the manager and the place that the plan says."""
    there = units_by_code(row.key for row in rows)
    parents = units_by_code(row.values.get("parent", "") for row in rows)
    people = people_with(row.values.get("manager", "") for row in rows)
    before = _values_of(there.values())
    refused: dict[str, IdentityError] = {}
    updates = [
        (row, OrgUnitUpdate(unit, changes))
        for row in rows
        if (unit := there.get(fold(row.key))) and (changes := _changes(row, people))
    ]
    moves = [
        (row, OrgUnitMove(unit, parents.get(fold(row.values["parent"]))))
        for row in rows
        if (unit := there.get(fold(row.key))) and "parent" in row.difference and row.values.get("parent")
    ]
    sound = [(row, move) for row, move in moves if move.parent is not None]
    refused |= {
        row.key: NotFound("parent_gone", f"There is no org unit {row.values['parent']} any more.", field="parent")
        for row, move in moves
        if move.parent is None
    }
    refused |= _refusals(updates, update_org_units_many([update for _row, update in updates], actor=actor))
    refused |= _refusals(sound, move_org_units_many([move for _row, move in sound], actor=actor))
    after = _values_of(there.values())
    for row in rows:
        unit = there.get(fold(row.key))
        if unit is None:
            gone = f"{row.key} was deleted since this was planned. Import the file again to create it anew."
            mark(row, NotFound("org_unit_gone", gone, field="code"))
            continue
        written: Difference = {
            name: [before[unit][name], after[unit][name]]
            for name in _COLUMNS
            if before[unit][name] != after[unit][name]
        }
        mark(row, refused.get(row.key), written)
        row.written, row.object_id = written, unit
    _remember([row for row in rows if row.object_id], people, actor)


def _changes(row: StagedRow, people: Mapping[str, UUID]) -> dict[str, Any]:
    changes: dict[str, Any] = {"name": row.values["name"]} if "name" in row.difference else {}
    manager = people.get(fold(row.values.get("manager", "")))
    if "manager" in row.difference and manager is not None:
        changes["manager"] = manager
    return changes


def _refusals(asked: Sequence[tuple[StagedRow, Any]], results: Sequence[Any]) -> dict[str, IdentityError]:
    return {
        row.key: result
        for (row, _change), result in zip(asked, results, strict=True)
        if isinstance(result, IdentityError)
    }


def _values_of(units: Any) -> dict[UUID, dict[str, Any]]:
    found = OrgUnit.objects.without_tree_fields().filter(pk__in=list(units)).order_by().values("pk", *_COLUMNS.values())
    return {values["pk"]: {name: plain(values[column]) for name, column in _COLUMNS.items()} for values in found}


def _remember(rows: Sequence[StagedRow], people: Mapping[str, UUID], actor: Actor) -> None:
    """Let the units whose manager was planned to be written wait for those who are not known."""
    named = {
        row.object_id: manager
        for row in rows
        if row.object_id and row.state == RowState.APPLIED and "manager" in row.difference
        if (manager := row.values.get("manager"))
    }
    await_managers(named, {unit: key for unit, key in named.items() if fold(key) not in people}, actor.origin)
