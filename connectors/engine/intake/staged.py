"""Staged rows: the parts they belong to, reading them in chunks, marking what became of them, and the findings
beside them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet

from connectors.engine.intake.lease import renew
from connectors.engine.intake.reading import Problem
from connectors.models import Finding, Run, StagedRow
from connectors.vocabulary import PLANNED_CHANGES, ImportContent, RowState
from identities.actions.row_writing import update_rows
from identities.errors import IdentityError

PEOPLE = "people"
DEPARTMENTS = "departments"
ORG_UNITS = "org_units"
GROUPS = "groups"
MEMBERSHIPS = "memberships"
MAIN_PARTS = {
    ImportContent.PEOPLE: PEOPLE,
    ImportContent.ORG_UNITS: ORG_UNITS,
    ImportContent.GROUPS: GROUPS,
    ImportContent.MEMBERSHIPS: MEMBERSHIPS,
}
CHUNK = 500
APPLY_CHUNK = 100
MAX_FINDINGS = 1000
UNSOUND = (RowState.PROBLEM, RowState.REFUSED, RowState.SKIPPED)

Difference = dict[str, list[Any]]
T = TypeVar("T")

# What is said of rows that were applied, by what the plan was to do.
_DONE = {
    RowState.CREATE: "created",
    RowState.UPDATE: "updated",
    RowState.DISABLE: "disabled",
    RowState.WITHDRAWN: "withdrawn",
    RowState.LIFT: "lifted",
    RowState.DEPROVISION: "deprovisioned",
    RowState.CLOSE: "closed",
}


def add_findings(run: Run, part: str, problems: Iterable[Problem], *, blocking: bool = True) -> None:
    """Write findings, up to `MAX_FINDINGS` for a run that block it and as many that do not: no number of hints hides
    that something is wrong (raises LeaseLostError).
    """
    found = list(islice(problems, MAX_FINDINGS))
    if not found:
        return
    with transaction.atomic():
        renew(run)
        room = MAX_FINDINGS - run.findings.filter(blocking=blocking).count()
        Finding.objects.bulk_create(
            Finding(
                run=run,
                part=part,
                row=problem.row,
                column=problem.column[:120],
                value=problem.value[:255],
                code=problem.code,
                message=problem.message,
                blocking=blocking,
            )
            for problem in islice(found, max(room, 0))
        )


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def sound_rows(run: Run, part: str) -> Iterator[list[StagedRow]]:
    """The rows of a part without problems, in chunks, each read after the chunk before it was written."""
    return chunks_of(run.rows.filter(part=part).exclude(state=RowState.PROBLEM))


def applied_rows(run: Run, part: str) -> Iterator[list[StagedRow]]:
    """The rows of a part that an import applied, in chunks."""
    return chunks_of(run.rows.filter(part=part, state=RowState.APPLIED))


def chunks_of(rows: "QuerySet[StagedRow]", size: int = CHUNK) -> Iterator[list[StagedRow]]:
    """These rows of one part in the order of the file, each chunk read after the one before it was written."""
    last = -1
    while some := list(rows.filter(number__gt=last).order_by("number")[:size]):
        yield some
        last = some[-1].number


def add_rows(run: Run, part: str, rows: Iterable[StagedRow]) -> None:
    """Stage rows that the file does not have, behind its last one."""
    number = next_number(run, part)
    for chunk in chunks(rows):
        for row in chunk:
            row.run, row.part, row.number = run, part, number
            number += 1
        with transaction.atomic():
            renew(run)
            StagedRow.objects.bulk_create(chunk)


def next_number(run: Run, part: str) -> int:
    """The number of the next row that the file does not have."""
    last = run.rows.filter(part=part).aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def planned_state(exists: bool, difference: Difference) -> RowState:
    """What the plan is to do with a row."""
    if not exists:
        return RowState.CREATE
    return RowState.UPDATE if difference else RowState.UNCHANGED


def write_plan(run: Run, rows: Sequence[StagedRow]) -> None:
    """Keep what the plan makes of these rows (raises LeaseLostError)."""
    with transaction.atomic():
        renew(run, processed=run.processed + len(rows))
        update_rows(rows, {"object_id", "difference", "state", "values"})


def counted(run: Run, part: str) -> Counter[str]:
    """How many rows of a part stand in each state."""
    rows = run.rows.filter(part=part).order_by().values_list("state")
    return Counter(dict(rows.annotate(number=Count("pk"))))


def mark(row: StagedRow, result: object, written: Difference | None = None) -> None:
    """Note on a row what became of it: applied, or refused by an action."""
    row.planned = row.state
    if isinstance(result, IdentityError):
        row.state = RowState.REFUSED
        row.difference = {"refused": [result.field, result.message]}
    else:
        row.state = RowState.APPLIED
        row.written = written or {}


def write_marks(run: Run, part: str, rows: Sequence[StagedRow], columns: dict[str, str]) -> None:
    """Keep the marks, and tell of what was refused.

    Args:
        columns: the column of the file by attribute.
    """
    update_rows(rows, {"state", "planned", "written", "difference", "object_id"})
    problems = []
    for row in rows:
        if row.state == RowState.REFUSED:
            field, message = row.difference["refused"]
            text = f"Row {row.number}: {message}"
            problems.append(Problem("refused", text, row.number, columns.get(field or "", field or "")))
    add_findings(run, part, problems)


def skip_rows(run: Run, rows: Iterable[int] | None = None) -> None:
    """Leave what the plan was to do with these rows (or with all that are not done) undone."""
    left = run.rows.filter(state__in=PLANNED_CHANGES)
    for some in [None] if rows is None else chunks(rows):
        skipped = left if some is None else left.filter(pk__in=some)
        skipped.update(planned=F("state"), state=RowState.SKIPPED)


def applied_counts(run: Run, main_part: str) -> dict[str, int]:
    """How many rows were created, updated, ... by whichever workers; what is not of the main part has its part's name
    before the word.
    """
    rows = run.rows.filter(state__in=(RowState.APPLIED, RowState.UNCHANGED, RowState.REFUSED, RowState.SKIPPED))
    found = rows.order_by().values_list("part", "state", "planned").annotate(number=Count("pk"))
    counts: Counter[str] = Counter()
    for part, state, planned, number in found:
        word = _DONE.get(RowState(planned), planned) if state == RowState.APPLIED else state
        counts[word if part == main_part else f"{part}_{word}"] += number
    return dict(counts)
