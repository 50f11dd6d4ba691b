"""Applying an undo: people, their memberships, groups, and last the org units, which may be empty by then."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from connectors.engine.intake.lease import renew
from connectors.engine.intake.people.applying import waiting_rows
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import (
    APPLY_CHUNK,
    CHUNK,
    DEPARTMENTS,
    GROUPS,
    MAIN_PARTS,
    ORG_UNITS,
    PEOPLE,
    applied_counts,
    chunks,
    mark,
    write_marks,
)
from connectors.engine.intake.structure.memberships import apply_membership_rows
from connectors.models import AwaitedManager, Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.groups import GroupUpdate, delete_groups_many, update_groups_many
from identities.actions.lifecycle import deprovision_users_many, lift_suspensions_many, suspend_users_many
from identities.actions.org_units import (
    OrgUnitMove,
    OrgUnitUpdate,
    delete_org_units_many,
    move_org_units_many,
    update_org_units_many,
)
from identities.actions.users import UserUpdate, update_users_many
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import Membership, OrgUnit

Results = Sequence[object]
Change = Callable[[list[StagedRow], list[UUID]], Results]


def apply_undo(run: Run, profile: Profile, *, actor: Actor) -> dict[str, int]:
    """Carry out the plan of an undo and count what became of it (raises LeaseLostError; see `applying.apply`)."""
    people: tuple[tuple[RowState, Change], ...] = (
        (RowState.UPDATE, lambda rows, _ids: _update_people(rows, actor)),
        (RowState.LIFT, lambda _rows, ids: lift_suspensions_many(ids, actor=actor)),
        (RowState.DEPROVISION, lambda _rows, ids: deprovision_users_many(ids, actor=actor)),
    )
    for state, change in people:
        _each(run, profile, PEOPLE, state, change)
    apply_membership_rows(run, profile, actor=actor)
    _each(
        run,
        profile,
        GROUPS,
        RowState.UPDATE,
        lambda rows, ids: update_groups_many(
            [GroupUpdate(pk, row.values) for row, pk in zip(rows, ids, strict=True)], actor=actor
        ),
    )
    _each(run, profile, GROUPS, RowState.CLOSE, lambda _rows, ids: _delete_groups(ids, actor))
    for part in (DEPARTMENTS, ORG_UNITS):
        _undo_units(run, profile, part, actor)
    if run.undoes is not None:
        units = run.undoes.rows.filter(part__in=(DEPARTMENTS, ORG_UNITS), state=RowState.APPLIED).values("object_id")
        AwaitedManager.objects.filter(origin=actor.origin, org_unit__in=units).delete()
    return applied_counts(run, MAIN_PARTS[profile.content])


def _each(run: Run, profile: Profile, part: str, state: RowState, change: Change) -> None:
    for rows in waiting_rows(run, part, state):
        _chunk(run, profile, part, rows, change)


def _chunk(run: Run, profile: Profile, part: str, rows: list[StagedRow], change: Change) -> None:
    with transaction.atomic():
        results = change(rows, [row.object_id for row in rows if row.object_id])
        for row, result in zip(rows, results, strict=True):
            mark(row, result)
        write_marks(run, part, rows, profile.columns)
        renew(run, progress=True, processed=run.processed + len(rows))


def _update_people(rows: list[StagedRow], actor: Actor) -> Results:
    updates = [
        UserUpdate(row.object_id, row.values.get("changes", {}), row.values.get("multi_values", {}))
        for row in rows
        if row.object_id
    ]
    results: list[Any] = list(update_users_many(updates, actor=actor))
    again = [number for number, row in enumerate(rows) if row.values.get("suspend")]
    suspended = suspend_users_many([rows[number].object_id for number in again if rows[number].object_id], actor=actor)
    for number, result in zip(again, suspended, strict=True):
        if isinstance(result, IdentityError):
            results[number] = result
    return results


def _delete_groups(ids: list[UUID], actor: Actor) -> Results:
    """Delete the groups that nobody is in any more."""
    filled = set(Membership.objects.filter(group__in=ids).values_list("group_id", flat=True))
    deleted = iter(delete_groups_many([pk for pk in ids if pk not in filled], actor=actor))
    refusal = RuleViolation("group_not_empty", "This group still has members, and stays.", field="display_name")
    return [refusal if pk in filled else next(deleted) for pk in ids]


def _undo_units(run: Run, profile: Profile, part: str, actor: Actor) -> None:
    for rows in _from_the_bottom(run, part, RowState.UPDATE):
        _chunk(run, profile, part, rows, lambda rows, _ids: _update_units(rows, actor))
    for rows in _from_the_bottom(run, part, RowState.CLOSE):
        _chunk(run, profile, part, rows, lambda _rows, ids: delete_org_units_many(ids, actor=actor))


def _from_the_bottom(run: Run, part: str, state: RowState) -> Iterator[list[StagedRow]]:
    """Rows of units in chunks, the deepest first: an import put them there from the top, and those above others that
    are closed go after or with them.
    """
    found = run.rows.filter(part=part, state=state).order_by("number").values_list("pk", "object_id")
    units = dict(found.iterator(chunk_size=CHUNK))
    above = dict(OrgUnit.objects.without_tree_fields().order_by().values_list("pk", "parent_id")) if units else {}

    def depth(row: int) -> int:
        here, steps = units[row], 0
        while here is not None and steps < len(above):
            here, steps = above.get(here), steps + 1
        return steps

    for some in chunks(sorted(units, key=depth, reverse=True), APPLY_CHUNK):
        by_id = StagedRow.objects.in_bulk(some)
        yield [by_id[pk] for pk in some]


def _update_units(rows: list[StagedRow], actor: Actor) -> Results:
    results: list[Any] = [None] * len(rows)
    changed = [number for number, row in enumerate(rows) if {"name", "manager"} & set(row.values)]
    moved = [number for number, row in enumerate(rows) if "parent" in row.values]
    updates = [
        OrgUnitUpdate(
            rows[n].object_id, {name: _value(rows[n], name) for name in ("name", "manager") if name in rows[n].values}
        )
        for n in changed
    ]
    moves = [OrgUnitMove(rows[n].object_id, _value(rows[n], "parent")) for n in moved]
    outcome = [
        *zip(moved, move_org_units_many(moves, actor=actor), strict=True),
        *zip(changed, update_org_units_many(updates, actor=actor), strict=True),
    ]
    for number, result in outcome:
        if isinstance(result, IdentityError):
            results[number] = result
    return results


def _value(row: StagedRow, name: str) -> Any:
    value = row.values[name]
    return value if name == "name" or value is None else UUID(value)
