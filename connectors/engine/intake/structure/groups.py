"""What an import makes of groups: their names, descriptions, and the groups they are nested in."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from django.db import transaction

from connectors.engine.intake.lease import renew
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import (
    APPLY_CHUNK,
    CHUNK,
    GROUPS,
    MEMBERSHIPS,
    Difference,
    add_findings,
    add_rows,
    chunks_of,
    mark,
    planned_state,
    sound_rows,
    write_marks,
    write_plan,
)
from connectors.engine.intake.structure.circles import in_a_circle
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.groups import GroupUpdate, NewGroup, create_groups_many, update_groups_many
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict
from identities.models import Group
from identities.rules.ownership import may_write, owner_of
from identities.vocabulary import GroupKind

DESCRIPTION = "description"
MEMBER_GROUP = "group"


def groups_named(names: Iterable[str]) -> dict[str, Group]:
    """The groups with these names, by folded name."""
    keys = {fold(name) for name in names if name}
    found = Group.objects.present().filter(display_name_key__in=keys) if keys else ()
    return {str(group.display_name_key): group for group in found}


def plan_groups(run: Run, profile: Profile) -> None:
    """Decide what each row of groups would do, and write it into the rows; what is wrong becomes findings. The groups
    a group is to be nested in are staged as memberships.
    """
    above = {
        fold(key): {fold(parent) for parent in values.get("parents", ())}
        for key, values in run.rows.filter(part=GROUPS).values_list("key", "values").iterator(chunk_size=CHUNK)
    }
    circles = in_a_circle(above)
    for rows in sound_rows(run, GROUPS):
        present = groups_named(name for row in rows for name in (row.key, *row.values.get("parents", ())))
        problems = [problem for row in rows for problem in _problems(row, present, above, circles, profile)]
        bad = {problem.row for problem in problems}
        for row in rows:
            group = present.get(fold(row.key))
            row.object_id = group.pk if group else None
            row.difference = {} if row.number in bad else _difference(row, group, profile)
            row.state = RowState.PROBLEM if row.number in bad else planned_state(group is not None, row.difference)
        write_plan(run, rows)
        add_findings(run, GROUPS, problems)
        add_rows(run, MEMBERSHIPS, (nested for row in rows for nested in _nestings(row)))


def apply_groups(run: Run, profile: Profile, *, actor: Actor) -> None:
    """Create and describe groups; one that others made meanwhile is there, and that is all that was wanted."""
    waiting = run.rows.filter(part=GROUPS, state__in=(RowState.CREATE, RowState.UPDATE))
    for rows in chunks_of(waiting, APPLY_CHUNK):
        with transaction.atomic():
            _write(rows, actor)
            write_marks(run, GROUPS, rows, profile.columns)
            renew(run, progress=True, processed=run.processed + len(rows))


def _problems(
    row: StagedRow,
    present: Mapping[str, Group],
    above: Mapping[str, Collection[str]],
    circles: Collection[str],
    profile: Profile,
) -> Iterator[Problem]:
    column = profile.column_of("parents")
    for parent in row.values.get("parents", ()):
        group = present.get(fold(parent))
        if group is None and fold(parent) not in above:
            said = f"Row {row.number}: the group {parent} that {row.key} is to be in is neither in the file nor known."
            text = f"{said} Correct its name, or add its row."
            yield Problem("unknown_group", text, row.number, column, parent)
        elif group is not None and group.kind == GroupKind.DYNAMIC:
            text = f"Row {row.number}: the members of {parent} follow from its filter. Name another group."
            yield Problem("dynamic_group", text, row.number, column, parent)
    if fold(row.key) in circles:
        named = ", ".join(row.values["parents"])
        text = f"Row {row.number}: {row.key} would be in itself, through {column} {named}. Take one of them out."
        yield Problem("group_circle", text, row.number, column, named)


def _difference(row: StagedRow, group: Group | None, profile: Profile) -> Difference:
    wanted = row.values.get(DESCRIPTION)
    if group is None:
        return {"display_name": [None, row.key], **({DESCRIPTION: [None, wanted]} if wanted else {})}
    owner = owner_of(DESCRIPTION, group.description, group.owners, group.default_origin)
    if not wanted or wanted == group.description or not may_write(profile.origin, owner):
        return {}
    return {DESCRIPTION: [group.description, wanted]}


def _nestings(row: StagedRow) -> Iterator[StagedRow]:
    if row.state != RowState.PROBLEM:
        for parent in row.values.get("parents", ()):
            yield StagedRow(key=row.key, values={"group": parent, "member": row.key, "kind": MEMBER_GROUP})


def _write(rows: Sequence[StagedRow], actor: Actor) -> None:
    present = groups_named(row.key for row in rows)
    new = [row for row in rows if fold(row.key) not in present]
    wanted = [NewGroup(row.key, row.values.get(DESCRIPTION, "")) for row in new]
    for row, created in zip(new, create_groups_many(wanted, actor=actor), strict=True):
        if isinstance(created, Conflict):
            row.state = RowState.UNCHANGED
            continue
        mark(row, created)
        row.object_id = created.pk if isinstance(created, Group) else None
    old = [row for row in rows if fold(row.key) in present]
    before = {key: group.description for key, group in present.items()}
    updates = [
        GroupUpdate(present[fold(row.key)], {DESCRIPTION: row.values[DESCRIPTION]} if DESCRIPTION in row.values else {})
        for row in old
    ]
    for row, result in zip(old, update_groups_many(updates, actor=actor), strict=True):
        written = {}
        if DESCRIPTION in getattr(result, "changed", ()):
            written[DESCRIPTION] = [before[fold(row.key)], row.values[DESCRIPTION]]
        mark(row, result, written)
        row.planned, row.object_id = RowState.UPDATE, present[fold(row.key)].pk
