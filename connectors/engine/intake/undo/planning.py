"""Planning an undo: the inverse of every row an import applied, where what it wrote still stands and is still its own.
The rest is listed: the value as it is now, and who wrote it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from connectors.engine.intake.lease import renew
from connectors.engine.intake.people.differences import groups_by, suspended_by
from connectors.engine.intake.people.planning import Counts
from connectors.engine.intake.people.snapshots import Snapshot, shown_snapshots
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import MEMBERSHIPS, PEOPLE, add_findings, add_rows, applied_rows, counted
from connectors.engine.intake.undo.structure import inverse_of_groups, inverse_of_memberships, inverse_of_units
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.canonical import fold
from identities.queries.owner_orders import order_of
from identities.rules.attributes import VALUE_LENGTHS
from identities.rules.ownership import may_write, owner_of
from identities.vocabulary import UserState

CHANGED_SINCE = "changed_since"


def plan_undo(run: Run, profile: Profile) -> dict[str, dict[str, int]]:
    """Stage the inverse of what the undone import applied, and count as `plan` does.

    Raises:
        ValueError: the import it undoes was deleted.
    """
    undone = run.undoes
    if undone is None:
        raise ValueError("The import that this undoes was deleted.")
    with transaction.atomic():
        renew(run)
        run.rows.all().delete()
        run.findings.all().delete()
    for rows in applied_rows(undone, PEOPLE):
        _stage_people(run, profile.origin, rows)
    inverse_of_memberships(run, undone, profile.origin)
    inverse_of_groups(run, undone, profile.origin)
    inverse_of_units(run, undone, profile.origin)
    parts = run.rows.order_by("part").values_list("part", flat=True).distinct()
    counts: Counts = {part: counted(run, part) for part in parts}
    return {part: {state: number for state, number in found.items() if number} for part, found in counts.items()}


def _stage_people(run: Run, origin: str, rows: Sequence[StagedRow]) -> None:
    people = shown_snapshots([row.object_id for row in rows if row.object_id])
    users = [each.user for each in people.values()]
    suspended, groups = suspended_by(origin, users), groups_by(origin, users)
    staged: list[StagedRow] = []
    memberships: list[StagedRow] = []
    problems: list[Problem] = []
    for row in rows:
        inverse = StagedRow(
            run=run, part=PEOPLE, number=row.number, key=row.key, object_id=row.object_id, state=RowState.UNCHANGED
        )
        staged.append(inverse)
        person = people.get(row.object_id) if row.object_id else None
        if person is None:
            text = f"Row {row.number}: {row.key} was deleted since, and stays so."
            problems.append(Problem(CHANGED_SINCE, text, row.number))
            continue
        problems += _invert(row, inverse, person, origin, suspended=person.user.pk in suspended)
        memberships += _group_rows(row, person, groups.get(person.user.pk, []))
    with transaction.atomic():
        renew(run, processed=run.processed + len(rows))
        StagedRow.objects.bulk_create(staged)
    add_rows(run, MEMBERSHIPS, memberships)
    add_findings(run, PEOPLE, problems, blocking=False)


def _invert(row: StagedRow, inverse: StagedRow, person: Snapshot, origin: str, *, suspended: bool) -> Iterator[Problem]:
    """Plan the inverse of one row; yields what stays as it is."""
    user = person.user
    if row.planned == RowState.CREATE:
        if user.state not in (UserState.ACTIVE, UserState.STAGED):
            return
        if may_write(origin, user.default_origin):
            inverse.state = RowState.DEPROVISION
            inverse.difference = {"state": [user.state, str(UserState.DEPROVISIONED)]}
        else:
            text = f"Row {row.number}: {row.key} belongs to {user.default_origin} now, and stays."
            yield Problem(CHANGED_SINCE, text, row.number, "state", user.state)
    elif row.planned == RowState.DISABLE:
        if suspended:
            inverse.state, inverse.difference = RowState.LIFT, {"suspended": [origin, None]}
    else:
        yield from _invert_values(row, inverse, person, origin)
        if "suspended" in row.written and not suspended:
            inverse.values["suspend"] = True
            inverse.difference["suspended"] = [None, origin]
        inverse.state = RowState.UPDATE if inverse.difference else RowState.UNCHANGED


def _invert_values(row: StagedRow, inverse: StagedRow, person: Snapshot, origin: str) -> Iterator[Problem]:
    changes: dict[str, Any] = {}
    multi_values: dict[str, Any] = {}
    for name, (before, after) in row.written.items():
        if name == "suspended":
            continue
        current = person.value(name)
        if current == before:
            continue  # taken back already, by hand or by an undo that was given up
        owner = owner_of(name, current, person.user.owners, person.user.default_origin)
        if name in VALUE_LENGTHS:
            others = {each.origin for each in person.rows if each.attribute == name} - {origin}
            owner = min(others) if others else origin
        if current != after or not (name in VALUE_LENGTHS or may_write(origin, owner, order_of(name))):
            shown = person.shown(name)
            text = f"Row {row.number}: {name} of {row.key} is {shown or 'empty'} by now, written by {owner}. It stays."
            yield Problem(CHANGED_SINCE, text, row.number, name, shown)
            continue
        (multi_values if name in VALUE_LENGTHS else changes)[name] = before
        told = row.difference.get(name, [before, after])
        inverse.difference[name] = [told[1], told[0]]
    inverse.values = {"changes": changes, "multi_values": multi_values}


def _group_rows(row: StagedRow, person: Snapshot, there: Sequence[str]) -> Iterator[StagedRow]:
    """The memberships of departments' groups that the import gave and took, the other way round."""
    before, after = row.difference.get("groups", [[], []])
    current = {fold(name) for name in there}
    moves = [(name, RowState.WITHDRAWN) for name in after if fold(name) in current]
    moves += [(name, RowState.CREATE) for name in before if fold(name) not in current]
    for name, state in moves:
        difference = {"group": [name, None] if state == RowState.WITHDRAWN else [None, name]}
        key = person.user.employee_number or person.user.user_name
        values = {"group": name, "member": key}
        yield StagedRow(key=key, values=values, state=state, object_id=person.user.pk, difference=difference)
