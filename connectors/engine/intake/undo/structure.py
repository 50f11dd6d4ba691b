"""The inverse of what an import did to memberships, groups and org units."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from connectors.engine.intake.lease import renew
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import (
    CHUNK,
    DEPARTMENTS,
    GROUPS,
    MEMBERSHIPS,
    ORG_UNITS,
    PEOPLE,
    add_findings,
    add_rows,
    applied_rows,
    chunks,
    chunks_of,
)
from connectors.engine.intake.structure.groups import DESCRIPTION
from connectors.engine.intake.structure.memberships import known_of
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.org_units.writing import may_change
from identities.actions.row_writing import update_rows
from identities.audit.differences import plain
from identities.canonical import fold
from identities.models import Group, Membership, MembershipOrigin, OrgUnit, User
from identities.rules.ownership import may_write, owner_of

CHANGED_SINCE = "changed_since"


def inverse_of_memberships(run: Run, undone: Run, origin: str) -> None:
    """Withdraw what was asserted and assert what was withdrawn, where that is not so already."""
    for rows in applied_rows(undone, MEMBERSHIPS):
        known = known_of(rows, origin)
        staged = []
        for row in rows:
            group, member = known.groups.get(fold(row.values["group"])), known.member_of(row)
            there = group is not None and member is not None and (group.pk, member) in known.asserted
            came = row.planned == RowState.CREATE
            if group is None or member is None or there != came:
                continue
            name = row.values["group"]
            staged.append(
                StagedRow(
                    key=row.key,
                    values=row.values,
                    object_id=member,
                    state=RowState.WITHDRAWN if came else RowState.CREATE,
                    difference={"group": [name, None] if came else [None, name]},
                )
            )
        add_rows(run, MEMBERSHIPS, staged)


def inverse_of_groups(run: Run, undone: Run, origin: str) -> None:
    """Give groups their descriptions back, and delete those that the import made, if nobody else has put members into
    them.
    """
    for rows in applied_rows(undone, GROUPS):
        groups = Group.objects.present().in_bulk([row.object_id for row in rows if row.object_id])
        filled = _filled_by_others(groups, origin)
        staged, problems = [], []
        for row in rows:
            group = groups.get(row.object_id) if row.object_id else None
            if group is None:
                continue
            inverse = _inverse(run, row)
            problems += _invert_group(row, inverse, group, origin, filled=group.pk in filled)
            staged.append(inverse)
        with transaction.atomic():
            renew(run, processed=run.processed + len(rows))
            StagedRow.objects.bulk_create(staged)
        add_findings(run, GROUPS, problems, blocking=False)


def _filled_by_others(groups: Iterable[UUID], origin: str) -> set[UUID]:
    others = MembershipOrigin.objects.filter(membership=OuterRef("pk")).exclude(origin=origin)
    found = Membership.objects.filter(Exists(others), group__in=list(groups))
    return set(found.values_list("group_id", flat=True))


def _invert_group(row: StagedRow, inverse: StagedRow, group: Group, origin: str, *, filled: bool) -> Iterator[Problem]:
    if row.planned == RowState.CREATE:
        if filled or not may_write(origin, group.default_origin):
            text = f"Row {row.number}: {row.key} has members of others by now, or belongs to another, and stays."
            yield Problem(CHANGED_SINCE, text, row.number, "display_name", row.key)
        else:
            inverse.state, inverse.difference = RowState.CLOSE, {"display_name": [group.display_name, None]}
        return
    for before, after in [row.written[DESCRIPTION]] if DESCRIPTION in row.written else []:
        owner = owner_of(DESCRIPTION, group.description, group.owners, group.default_origin)
        if group.description == before:
            return
        if group.description != after or not may_write(origin, owner):
            text = f"Row {row.number}: the description of {row.key} was written by {owner} since, and stays."
            yield Problem(CHANGED_SINCE, text, row.number, DESCRIPTION, group.description)
        else:
            inverse.values, inverse.difference = {DESCRIPTION: before}, {DESCRIPTION: [after, before]}
            inverse.state = RowState.UPDATE


def inverse_of_units(run: Run, undone: Run, origin: str) -> None:
    """Give org units their names, managers and places back, and delete those that the import made, if nobody and
    nothing else is in them by then.
    """
    for part in (DEPARTMENTS, ORG_UNITS):
        for rows in applied_rows(undone, part):
            _stage_units(run, part, rows, origin)
        closes = run.rows.filter(part=part, state=RowState.CLOSE).values_list("object_id", flat=True)
        closing = {pk for pk in closes.iterator(chunk_size=CHUNK) if pk}
        if closing:
            _keep_filled(run, part, _staying(run, part, closing, origin))


def _stage_units(run: Run, part: str, rows: Sequence[StagedRow], origin: str) -> None:
    present = OrgUnit.objects.without_tree_fields().filter(deleted_at=None).order_by()
    units = {unit.pk: unit for unit in present.filter(pk__in=[row.object_id for row in rows if row.object_id])}
    staged, problems = [], []
    for row in rows:
        unit = units.get(row.object_id) if row.object_id else None
        if unit is None:
            continue
        inverse = _inverse(run, row)
        if row.planned == RowState.CREATE:
            inverse.state, inverse.difference = RowState.CLOSE, {"name": [unit.name, None]}
        else:
            problems += _invert_unit(row, inverse, unit, origin)
        staged.append(inverse)
    with transaction.atomic():
        renew(run, processed=run.processed + len(rows))
        StagedRow.objects.bulk_create(staged)
    add_findings(run, part, problems, blocking=False)


def _invert_unit(row: StagedRow, inverse: StagedRow, unit: OrgUnit, origin: str) -> Iterator[Problem]:
    for name, (before, after) in row.written.items():
        current = plain(unit.name if name == "name" else getattr(unit, f"{name}_id"))
        if current == before:
            continue
        if current != after or not may_change(unit, name, origin):
            text = f"Row {row.number}: {name} of {row.key} was written by {unit.origin} since, and stays."
            yield Problem(CHANGED_SINCE, text, row.number, name, str(current or ""))
            continue
        told = row.difference.get(name, [before, after])
        inverse.values[name] = before
        inverse.difference[name] = [told[1], told[0]]
    inverse.state = RowState.UPDATE if inverse.difference else RowState.UNCHANGED


def _staying(run: Run, part: str, closing: Collection[UUID], origin: str) -> Counter[UUID]:
    """Units that cannot be closed, because they will not be empty or are somebody else's by now, with how many people
    are in them.
    """
    units = OrgUnit.objects.without_tree_fields().order_by()
    staying: Counter[UUID] = Counter()
    for some in chunks(closing):
        staying.update(_people_in(run, some))
        owned = units.filter(pk__in=some).values_list("pk", "origin")
        staying.update({pk: 0 for pk, owner in owned if not may_write(origin, owner)})
    moving = set(run.rows.filter(part=part, values__has_key="parent").values_list("object_id", flat=True))
    above = {}
    for pk, parent in units.filter(deleted_at=None).values_list("pk", "parent_id").iterator(chunk_size=CHUNK):
        if parent in closing and pk not in moving:
            above[pk] = parent
            if pk not in closing:
                staying.update({parent: 0})
    # A unit that stays keeps the one above it.
    left = list(staying)
    while left:
        parent = above.get(left.pop())
        if parent is not None and parent not in staying:
            staying.update({parent: 0})
            left.append(parent)
    return staying


def _keep_filled(run: Run, part: str, staying: Mapping[UUID, int]) -> None:
    for rows in chunks_of(run.rows.filter(part=part, state=RowState.CLOSE)):
        kept = [row for row in rows if row.object_id in staying]
        problems = []
        for row in kept:
            row.state, row.difference = RowState.UNCHANGED, {}
            number = staying[row.object_id] if row.object_id else 0
            text = f"Row {row.number}: {row.key} still has {number} people or other units, or is another's. It stays."
            problems.append(Problem(CHANGED_SINCE, text, row.number, "code", row.key))
        with transaction.atomic():
            renew(run)
            update_rows(kept, {"state", "difference"})
            add_findings(run, part, problems, blocking=False)


def _people_in(run: Run, units: Iterable[UUID]) -> Counter[UUID]:
    """How many people are in these units and will not be moved elsewhere by this undo."""
    moved = run.rows.filter(part=PEOPLE, values__changes__has_key="org_unit").values("object_id")
    rows = User.objects.present().filter(org_unit__in=list(units)).exclude(pk__in=moved).order_by()
    return Counter(dict(rows.values_list("org_unit_id").annotate(number=Count("pk"))))


def _inverse(run: Run, row: StagedRow) -> StagedRow:
    return StagedRow(
        run=run, part=row.part, number=row.number, key=row.key, object_id=row.object_id, state=RowState.UNCHANGED
    )
