"""Applying what a plan makes of people: new ones from the top of the hierarchy down, changes, then those who are
missing.
"""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models.fields.json import KT

from connectors.engine.intake.lease import renew
from connectors.engine.intake.people.rows import KEY_ATTRIBUTE, PersonRow
from connectors.engine.intake.people.snapshots import Snapshot, snapshots, snapshots_after, written
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import APPLY_CHUNK, CHUNK, PEOPLE, chunks, chunks_of, mark, write_marks
from connectors.engine.intake.structure.org_units import units_by_code
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.lifecycle import lift_suspensions_many, suspend_users_many
from identities.actions.users import (
    NewUser,
    UpdateResult,
    UserAttributes,
    UserUpdate,
    create_users_many,
    update_users_many,
)
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import IdentityError, NotFound
from identities.models import User

NOT_VALUES = ("state", "active")
"""Follow from other values, and come back with them."""

Written = Sequence[User | UpdateResult | IdentityError]


def apply_people(run: Run, profile: Profile, *, actor: Actor) -> None:
    """Create and change the people of a run, and suspend those who are missing from its file."""
    managers = _ManagersById()
    for rows in _creations_from_the_top(run):
        _apply_chunk(run, profile, rows, lambda people: _create(people, managers, actor), actor)
    for rows in waiting_rows(run, PEOPLE, RowState.UPDATE):
        _apply_chunk(run, profile, rows, lambda people: _update(people, managers, actor), actor)
    for rows in waiting_rows(run, PEOPLE, RowState.DISABLE):
        with transaction.atomic():
            users = [row.object_id for row in rows if row.object_id]
            reason = f"Missing from {run.file_name}"
            for row, result in zip(rows, suspend_users_many(users, actor=actor, reason=reason), strict=True):
                mark(row, result, {"suspended": [None, actor.origin]})
            write_marks(run, PEOPLE, rows, profile.columns)
            renew(run, progress=True, processed=run.processed + len(rows))


def waiting_rows(run: Run, part: str, state: RowState) -> Iterator[list[StagedRow]]:
    """Rows that the plan is to do this with, read chunk by chunk as they are worked off."""
    return chunks_of(run.rows.filter(part=part, state=state), APPLY_CHUNK)


def _apply_chunk(
    run: Run, profile: Profile, rows: Sequence[StagedRow], write: Callable[[list[PersonRow]], Written], actor: Actor
) -> None:
    people = [PersonRow.from_json(row.number, row.key, row.values) for row in rows]
    with transaction.atomic():
        before = snapshots([row.object_id for row in rows if row.object_id])
        results = write(people)
        _mark(rows, results, before)
        _lift(rows, actor)
        write_marks(run, PEOPLE, rows, profile.columns)
        renew(run, progress=True, processed=run.processed + len(rows))


def _mark(rows: Sequence[StagedRow], results: Written, before: dict[UUID, Snapshot]) -> None:
    after = snapshots_after(result for result in results if isinstance(result, UpdateResult))
    for row, result in zip(rows, results, strict=True):
        if isinstance(result, UpdateResult):
            pk = result.user.pk
            names = [name for name in result.changed if name not in NOT_VALUES]
            mark(row, result, written(before[pk], after[pk], names) if pk in before and pk in after else {})
            if row.planned == RowState.CREATE:
                row.planned = RowState.UPDATE  # somebody else created this person since the plan was made
            row.object_id = pk
        else:
            mark(row, result)
            if isinstance(result, User):
                row.object_id = result.pk


def _lift(rows: Sequence[StagedRow], actor: Actor) -> None:
    """Lift this import's suspension of those who are in the file again."""
    back = [row for row in rows if row.state == RowState.APPLIED and "suspended" in row.difference]
    users = [row.object_id for row in back if row.object_id]
    for row, result in zip(back, lift_suspensions_many(users, actor=actor), strict=True):
        if not isinstance(result, IdentityError):
            row.written = {**row.written, "suspended": [actor.origin, None]}


def _creations_from_the_top(run: Run) -> Iterator[list[StagedRow]]:
    """Rows of people to be created, in chunks that hold nobody together with somebody they report to; managers
    first.
    """
    coming = run.rows.filter(part=PEOPLE, state=RowState.CREATE).annotate(manager=KT("values__manager")).order_by()
    managers = coming.values_list("manager", flat=True).distinct()
    named = {fold(manager) for manager in managers.iterator(chunk_size=CHUNK) if manager}
    waiting = {
        folded: (pk, fold(manager or ""))
        for pk, key, manager in coming.values_list("pk", "key", "manager").iterator(chunk_size=CHUNK)
        if (folded := fold(key)) in named
    }
    while waiting:
        ready = {key: pk for key, (pk, manager) in waiting.items() if manager not in waiting or manager == key}
        for some in chunks(ready.values(), APPLY_CHUNK):
            by_id = StagedRow.objects.in_bulk(some)
            yield [by_id[pk] for pk in some]
        waiting = {key: value for key, value in waiting.items() if key not in ready}
    # Nobody reports to one of the others.
    yield from waiting_rows(run, PEOPLE, RowState.CREATE)


class _ManagersById:
    """Ids of people by key, looked up chunk by chunk and remembered."""

    def __init__(self) -> None:
        self._known: dict[str, UUID] = {}

    def of(self, people: Sequence[PersonRow]) -> dict[str, UUID]:
        """Ids by folded key of the managers these rows name."""
        missing = {fold(person.manager_key) for person in people if person.manager_key} - set(self._known)
        found = User.objects.persons().filter(employee_number_key__in=missing)
        self._known.update(found.values_list("employee_number_key", "pk"))
        return self._known


def _values(person: PersonRow, managers: dict[str, UUID], units: dict[str, UUID]) -> dict[str, object]:
    """The values to write. A manager or department that went since the plan was made is left as it was."""
    values: dict[str, object] = dict(person.changes)
    manager, unit = managers.get(fold(person.manager_key)), units.get(fold(person.department_code))
    if manager is not None:
        values["manager"] = manager
    if unit is not None:
        values["org_unit"] = unit
    return values


def _create(people: list[PersonRow], managers: _ManagersById, actor: Actor) -> Written:
    """Create people; those whom somebody else created since the plan was made are updated."""
    known, units, there = (
        managers.of(people),
        units_by_code(person.department_code for person in people),
        _ids_by_key(people),
    )
    rows = [
        NewUser(UserAttributes(_values(person, known, units), person.multi_values))
        for person in people
        if fold(person.key) not in there
    ]
    created = iter(create_users_many(rows, actor=actor))
    updated = iter(_update([person for person in people if fold(person.key) in there], managers, actor))
    return [next(updated if fold(person.key) in there else created) for person in people]


def _update(people: list[PersonRow], managers: _ManagersById, actor: Actor) -> Written:
    """Update people; those who were deleted since the plan was made are refused."""
    known, units, there = (
        managers.of(people),
        units_by_code(person.department_code for person in people),
        _ids_by_key(people),
    )
    updates = [
        UserUpdate(there[fold(person.key)], _values(person, known, units), person.multi_values)
        for person in people
        if fold(person.key) in there
    ]
    updated = iter(update_users_many(updates, actor=actor))
    return [next(updated) if fold(person.key) in there else _gone(person) for person in people]


def _ids_by_key(people: Sequence[PersonRow]) -> dict[str, UUID]:
    keys = [fold(person.key) for person in people]
    found = User.objects.persons().filter(employee_number_key__in=keys)
    return dict(found.values_list("employee_number_key", "pk"))


def _gone(person: PersonRow) -> NotFound:
    text = f"{person.key} was deleted since this was planned. Import the file again to create this person anew."
    return NotFound("person_gone", text, field=KEY_ATTRIBUTE)
