"""What an import planned and what became of it, row by row, for people to keep."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import QuerySet

from connectors.models import Run, StagedRow
from connectors.vocabulary import PLANNED_CHANGES, RowState, RunState

# Under which a row's difference says why it was not applied.
REFUSED: Final = "refused"
COLUMNS: Final = ("part", "row", "key", "planned", "result", "problem")
_CHUNK: Final = 500
_OVER: Final = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)
# A spreadsheet takes a cell that begins so for a formula; in many languages a cell begins behind a semicolon.
_FORMULA: Final = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


def plan_of(row: StagedRow) -> str:
    """What the plan made of a row, also once it is applied, refused or skipped."""
    return row.planned or str(row.state)


def outcome_of(row: StagedRow, run: Run) -> str:
    """What became of a row: nothing yet (the empty text), applied, refused, unchanged, problem or not applied."""
    if row.state in PLANNED_CHANGES:
        return "not applied" if run.state in _OVER else ""
    return "" if row.state == RowState.STAGED else str(row.state)


def problems_of(run: Run, rows: Iterable[StagedRow]) -> dict[tuple[str, int], list[str]]:
    """What was found about these rows, by part and number."""
    numbers = [row.number for row in rows]
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for part, number, message in run.findings.filter(row__in=numbers).values_list("part", "row", "message"):
        found[part, number].append(message)
    return found


def rows_between(rows: "QuerySet[StagedRow]", start: int, stop: int) -> list[StagedRow]:
    """A page of rows. Those before it are walked by the index alone, and not read with their values to be sorted."""
    numbers = list(rows.values_list("pk", flat=True)[start:stop])
    found = StagedRow.objects.in_bulk(numbers)
    return [found[pk] for pk in numbers]


def result_lines(run: Run) -> Iterator[str]:
    """The result as the lines of a CSV file, in constant memory; no cell is taken for a formula by a spreadsheet."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for part in run.rows.order_by("part").values_list("part", flat=True).distinct():
        last = -1
        while rows := list(run.rows.filter(part=part, number__gt=last).order_by("number")[:_CHUNK]):
            problems = problems_of(run, rows)
            for row in rows:
                cells = (part, row.number, row.key, plan_of(row), outcome_of(row, run))
                said = " ".join(problems.get((part, row.number), ()))
                yield writer.writerow([_safe(str(cell)) for cell in (*cells, said)])
            last = rows[-1].number
    for finding in run.findings.filter(row=None):
        yield writer.writerow([_safe(cell) for cell in (finding.part, "", "", "", "", finding.message)])


def _safe(cell: str) -> str:
    return _FORMULA.sub("'", cell)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """The text."""
        return text
