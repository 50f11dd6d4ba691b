"""Applying a plan: departments, then people from the top of the hierarchy down, then what refers to them.

Every chunk is one transaction that also marks its rows, so a run that is killed goes on where it stopped and does
nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models.fields.json import KT

from connectors.engine.intake.departments import apply_departments, apply_memberships, departments_by_code
from connectors.engine.intake.lease import renew
from connectors.engine.intake.person_rows import KEY_ATTRIBUTE, PersonRow
from connectors.engine.intake.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staging import PEOPLE, add_findings, chunks
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
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

APPLY_CHUNK = 100
Written = Sequence[User | UpdateResult | IdentityError]


def apply(run: Run, profile: Profile, *, actor: Actor) -> dict[str, int]:
    """Carry out the plan of a run this worker holds the lease of, and count what became of it.

    Returns:
        Counts of created, updated, unchanged and refused people, of memberships added and removed, ...

    Raises:
        LeaseLostError: another worker has the run; nothing of the chunk at hand was written.
    """
    counts: Counter[str] = Counter()
    counts.update(apply_departments(run, profile, actor=actor))
    managers = _ManagersById()
    for rows in _creations_from_the_top(run):
        _apply_chunk(run, profile, rows, lambda people: _create(people, managers, actor), counts)
    for rows in _updates(run):
        _apply_chunk(run, profile, rows, lambda people: _update(people, managers, actor), counts)
    counts.update(apply_memberships(run, profile, actor=actor))
    counts["unchanged"] = run.rows.filter(part=PEOPLE, state=RowState.UNCHANGED).count()
    return dict(counts)


def _apply_chunk(
    run: Run,
    profile: Profile,
    rows: Sequence[StagedRow],
    write: "Callable[[list[PersonRow]], Written]",
    counts: Counter[str],
) -> None:
    people = [PersonRow.from_json(row.number, row.key, row.values) for row in rows]
    with transaction.atomic():
        results = write(people)
        for row, result in zip(rows, results, strict=True):
            _mark(row, result)
        StagedRow.objects.bulk_update(rows, ["state", "object_id"])
        _note_refusals(run, profile, rows)
        renew(run, progress=True, processed=run.processed + len(rows))
    for result in results:
        counts[_outcome(result)] += 1


def _outcome(result: "User | UpdateResult | IdentityError") -> str:
    if isinstance(result, IdentityError):
        return "refused"
    return "updated" if isinstance(result, UpdateResult) else "created"


def _mark(row: StagedRow, result: "User | UpdateResult | IdentityError") -> None:
    if isinstance(result, IdentityError):
        row.state = RowState.REFUSED
        row.difference |= {"refused": [result.field, result.message]}
    else:
        row.state = RowState.APPLIED
        row.object_id = result.user.pk if isinstance(result, UpdateResult) else result.pk


def _note_refusals(run: Run, profile: Profile, rows: Sequence[StagedRow]) -> None:
    problems = []
    for row in rows:
        if row.state == RowState.REFUSED:
            field, message = row.difference["refused"]
            problems.append(
                Problem("refused", f"Row {row.number}: {message}", row.number, profile.column_of(field or ""))
            )
    add_findings(run, PEOPLE, problems)


def _creations_from_the_top(run: Run) -> Iterator[list[StagedRow]]:
    """Rows of people to be created, in chunks that hold nobody together with somebody they report to; managers
    first.
    """
    waiting_rows = run.rows.filter(part=PEOPLE, state=RowState.CREATE).annotate(manager=KT("values__manager"))
    rows = waiting_rows.values_list("pk", "key", "manager")
    waiting = {fold(key): (pk, fold(manager or "")) for pk, key, manager in rows}
    while waiting:
        ready = {key: pk for key, (pk, manager) in waiting.items() if manager not in waiting or manager == key}
        for some in chunks(ready.values(), APPLY_CHUNK):
            by_id = StagedRow.objects.in_bulk(some)
            yield [by_id[pk] for pk in some]
        waiting = {key: value for key, value in waiting.items() if key not in ready}


def _updates(run: Run) -> Iterator[list[StagedRow]]:
    """Rows of people to be updated, read chunk by chunk as they are worked off."""
    waiting = run.rows.filter(part=PEOPLE, state=RowState.UPDATE).order_by("number")
    while rows := list(waiting[:APPLY_CHUNK]):
        yield rows


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
    known, units, there = managers.of(people), departments_by_code(people), _ids_by_key(people)
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
    known, units, there = managers.of(people), departments_by_code(people), _ids_by_key(people)
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
