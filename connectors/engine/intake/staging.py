"""Staging: the files of a run become staged rows and findings. Writes nothing else."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction

from connectors.engine.intake.person_rows import PersonRow, read_person
from connectors.engine.intake.profile import Profile
from connectors.engine.intake.reading import (
    HEADER_ROW,
    Problem,
    Record,
    Table,
    UnreadableFileError,
    WrongSettingError,
    opened_table,
)
from connectors.models import Finding, Run, StagedRow
from connectors.vocabulary import RowState
from identities.canonical import fold

PEOPLE = "people"
DEPARTMENTS = "departments"
CHUNK = 500
MAX_FINDINGS = 1000
T = TypeVar("T")


def stage(run: Run, profile: Profile, paths: Iterable[Path]) -> None:
    """Read every file of the run into staged rows, anew if it was begun before.

    Problems become findings, by row and column.
    """
    with transaction.atomic():
        run.rows.all().delete()
        run.findings.all().delete()
    seen: set[str] = set()
    try:
        reading = profile.options.reading
    except WrongSettingError as wrong:
        text = f"The profile {profile.name} cannot read a file: {wrong} Change its options."
        add_findings(run, "", [Problem("wrong_setting", text, column=wrong.setting)])
        return
    for path in paths:
        try:
            with opened_table(path, reading) as table:
                part = _part_of(table.header, profile)
                if part in seen:
                    raise UnreadableFileError(Problem("two_files", f"There are two files of {part}. Give one of each."))
                seen.add(part)
                _stage_table(run, profile, table, part)
        except UnreadableFileError as unreadable:
            add_findings(run, "", [unreadable.problem])
    if not seen:
        return
    if not run.rows.exists() and not run.findings.exists():
        add_findings(run, "", [Problem("empty_file", "The file has a header and no rows.", HEADER_ROW)])


def add_findings(run: Run, part: str, problems: Iterable[Problem], *, blocking: bool = True) -> None:
    """Write findings, up to `MAX_FINDINGS` for a run."""
    room = MAX_FINDINGS - run.findings.count()
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
        for problem in islice(problems, max(room, 0))
    )


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _part_of(header: list[str], profile: Profile) -> str:
    """What a file is about, by its columns (raises UnreadableFileError when it is neither)."""
    options = profile.options
    if profile.key_column in header:
        missing = [column for column in profile.people_columns if column not in header]
        if missing:
            text = f"The file has no column {', '.join(missing)}. The profile {profile.name} needs it."
            raise UnreadableFileError(Problem("missing_column", text, HEADER_ROW, missing[0]))
        return PEOPLE
    if options.department_code_column and options.department_code_column in header:
        return DEPARTMENTS
    text = f"The file has no column {profile.key_column}, by which the profile {profile.name} knows people."
    raise UnreadableFileError(Problem("missing_column", text, HEADER_ROW, profile.key_column))


def _stage_table(run: Run, profile: Profile, table: Table, part: str) -> None:
    first_row_of: dict[str, dict[str, int]] = {}
    for chunk in chunks(table.records):
        rows: list[StagedRow] = []
        problems: list[Problem] = []
        for record in chunk:
            staged, found = _staged(run, profile, record, part)
            found = list(record.problems) or found + _repeated(staged, first_row_of, profile, part)
            if found:
                staged.state = RowState.PROBLEM
            rows.append(staged)
            problems += found
        with transaction.atomic():
            StagedRow.objects.bulk_create(rows)
            add_findings(run, part, problems)


def _staged(run: Run, profile: Profile, record: Record, part: str) -> tuple[StagedRow, list[Problem]]:
    values: dict[str, Any]
    if part == PEOPLE:
        person, problems = read_person(record, profile)
        key, values = person.key, person.as_json()
    else:
        key, values, problems = _department(record, profile)
    return StagedRow(run=run, part=part, number=record.row, key=key, values=values), problems


def _department(record: Record, profile: Profile) -> tuple[str, dict[str, Any], list[Problem]]:
    options = profile.options
    code = record.values.get(options.department_code_column, "")
    name = record.values.get(options.department_name_column, "")
    columns = ((options.department_code_column, code), (options.department_name_column, name))
    problems = [
        Problem("required", f"Row {record.row} has no {column}.", record.row, column)
        for column, value in columns
        if not value
    ]
    return code, {"name": name, "manager": record.values.get(options.department_manager_column, "")}, problems


def _repeated(staged: StagedRow, first_row_of: dict[str, dict[str, int]], profile: Profile, part: str) -> list[Problem]:
    """Problems of values that must be unique in the file and stood in an earlier row."""
    options = profile.options
    if part == PEOPLE:
        user_name = PersonRow.from_json(staged.number, staged.key, staged.values).changes.get("user_name", "")
        unique = {profile.key_column: staged.key, profile.column_of("user_name"): user_name}
    else:
        unique = {options.department_code_column: staged.key, options.department_name_column: staged.values["name"]}
    problems = []
    for column, value in unique.items():
        if not value:
            continue
        first = first_row_of.setdefault(column, {}).setdefault(fold(value), staged.number)
        if first != staged.number:
            text = f"Row {staged.number}: {column} {value} stands in row {first} already."
            problems.append(Problem("duplicate", text, staged.number, column, value))
    return problems
