"""Staging: the files of a run become staged rows and findings. Writes nothing else."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from connectors.engine.intake.keys import Repeated
from connectors.engine.intake.lease import renew
from connectors.engine.intake.people.rows import named_department, read_person
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import (
    HEADER_ROW,
    Problem,
    Record,
    Table,
    UnreadableFileError,
    WrongSettingError,
    opened_table,
)
from connectors.engine.intake.reading.inspection import layout_in_words
from connectors.engine.intake.repeated import tell_repeated, unique_values
from connectors.engine.intake.staged import CHUNK, DEPARTMENTS, MAIN_PARTS, MAX_FINDINGS, PEOPLE, add_findings
from connectors.engine.intake.structure.rows import read_structure
from connectors.models import Run, StagedRow
from connectors.vocabulary import ImportContent, RowState
from identities.rules.naming import NAME_LENGTH

_CHUNK_CHARACTERS = 2_000_000
"""So much may be held at once, and one row more: a single row may have half of it."""


def stage(run: Run, profile: Profile, paths: Iterable[Path]) -> None:
    """Read every file of the run into staged rows, anew if it was begun before.

    Problems become findings, by row and column.

    Raises:
        LeaseLostError: another worker has the run, or somebody cancelled it.
    """
    with transaction.atomic():
        renew(run, read_as="")
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
                read_as = "; ".join(filter(None, (run.read_as, layout_in_words(table.layout))))
                renew(run, read_as=read_as[:255])
                _stage_table(run, profile, table, part)
        except UnreadableFileError as unreadable:
            add_findings(run, "", [unreadable.problem])
    if not seen:
        return
    if not run.rows.exists() and not run.findings.exists():
        add_findings(run, "", [Problem("empty_file", "The file has a header and no rows.", HEADER_ROW)])


def _part_of(header: list[str], profile: Profile) -> str:
    """What a file is about, by its columns (raises UnreadableFileError when it is nothing that the profile reads)."""
    options = profile.options
    if profile.key_column in header:
        missing = [column for column in profile.needed_columns if column not in header]
        if missing:
            text = f"The file has no column {', '.join(missing)}. The profile {profile.name} needs it."
            raise UnreadableFileError(Problem("missing_column", text, HEADER_ROW, missing[0]))
        return MAIN_PARTS[profile.content]
    of_people = profile.content == ImportContent.PEOPLE
    if of_people and options.department_code_column and options.department_code_column in header:
        return DEPARTMENTS
    text = f"The file has no column {profile.key_column}, by which the profile {profile.name} knows its rows."
    raise UnreadableFileError(Problem("missing_column", text, HEADER_ROW, profile.key_column))


def _stage_table(run: Run, profile: Profile, table: Table, part: str) -> None:
    seen: dict[str, Repeated] = {}
    before, read = run.processed, 0
    for chunk in _chunks(table.records):
        rows: list[StagedRow] = []
        problems: list[Problem] = []
        for record in chunk:
            staged, found = _staged(run, profile, record, part)
            found = list(record.problems) or found
            if not record.problems:
                for column, _value, folded in unique_values(staged, profile, part):
                    seen.setdefault(column, Repeated()).add(folded)
            if found:
                staged.state = RowState.PROBLEM
            rows.append(staged)
            problems += found[: MAX_FINDINGS - len(problems)]
        read += len(rows)
        share = table.share_read()
        with transaction.atomic():
            renew(run, processed=before + read, total=before + round(read / share) if share else 0)
            StagedRow.objects.bulk_create(rows)
            add_findings(run, part, problems)
    repeated = {column: found for column, keys in seen.items() if (found := keys.found())}
    if repeated:
        tell_repeated(run, profile, part, repeated)


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The rows in lists of as many as are written at once, of long ones fewer."""
    chunk: list[Record] = []
    characters = 0
    for record in records:
        chunk.append(record)
        characters += sum(map(len, record.values.values()))
        if len(chunk) == CHUNK or characters > _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _staged(run: Run, profile: Profile, record: Record, part: str) -> tuple[StagedRow, list[Problem]]:
    values: dict[str, Any]
    if part == PEOPLE:
        person, problems = read_person(record, profile)
        key, values = person.key, person.as_json()
    elif part == DEPARTMENTS:
        key, values, problems = _department(record, profile)
    else:
        key, values, problems = read_structure(record, profile, part)
    # A longer key is a problem already: it is kept to say which row it is.
    return StagedRow(run=run, part=part, number=record.row, key=key[:NAME_LENGTH], values=values), problems


def _department(record: Record, profile: Profile) -> tuple[str, dict[str, Any], list[Problem]]:
    options = profile.options
    code, name, problems = named_department(record, profile)
    columns = ((options.department_code_column, code), (options.department_name_column, name))
    problems += [
        Problem("required", f"Row {record.row} has no {column}. Fill it in.", record.row, column)
        for column, value in columns
        if not value
    ]
    return code, {"name": name, "manager": record.values.get(options.department_manager_column, "")}, problems
