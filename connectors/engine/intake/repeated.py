"""Values that may stand in a file once, and stand there twice."""

from collections.abc import Collection, Iterator, Mapping

from django.db import transaction

from connectors.engine.intake.lease import renew
from connectors.engine.intake.people.rows import PersonRow
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import DEPARTMENTS, MEMBERSHIPS, PEOPLE, add_findings, chunks_of
from connectors.engine.intake.structure.rows import unique_of
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.row_writing import update_rows
from identities.canonical import fold

FirstRows = dict[tuple[str, str], int]


def unique_values(staged: StagedRow, profile: Profile, part: str) -> Iterator[tuple[str, str, str]]:
    """Columns and values that stand once in a file, with the form in which they are compared; no empty ones."""
    options = profile.options
    if part == PEOPLE:
        user_name = PersonRow.from_json(staged.number, staged.key, staged.values).changes.get("user_name", "")
        values = {profile.key_column: staged.key, profile.column_of("user_name"): user_name}
    elif part == DEPARTMENTS:
        values = {options.department_code_column: staged.key, options.department_name_column: staged.values["name"]}
    else:
        attribute, value, folded = unique_of(part, staged.key, staged.values)
        if value:
            yield profile.column_of(attribute), value, folded
        return
    yield from ((column, value, fold(value)) for column, value in values.items() if value)


def tell_repeated(run: Run, profile: Profile, part: str, repeated: Mapping[str, Collection[int]]) -> None:
    """Say of every row which of its values stood in an earlier one (raises LeaseLostError).

    Args:
        repeated: by column, the hashes of the values that stand twice, as compared.
    """
    first_row_of: FirstRows = {}
    for rows in chunks_of(run.rows.filter(part=part)):
        problems = [each for row in rows for each in _problems(row, profile, part, repeated, first_row_of)]
        numbers = {problem.row for problem in problems}
        bad = [row for row in rows if row.number in numbers]
        for row in bad:
            row.state = RowState.PROBLEM
        with transaction.atomic():
            renew(run)
            update_rows(bad, {"state"})
            add_findings(run, part, problems)


def _problems(
    row: StagedRow, profile: Profile, part: str, repeated: Mapping[str, Collection[int]], first_row_of: FirstRows
) -> Iterator[Problem]:
    for column, value, folded in unique_values(row, profile, part):
        if hash(folded) not in repeated.get(column, ()):
            continue
        first = first_row_of.setdefault((column, folded), row.number)
        if first != row.number:
            where = f" of {row.values.get('group', '')}" if part == MEMBERSHIPS else ""
            text = f"Row {row.number}: {column} {value}{where} stands in row {first} already. Keep one of them."
            yield Problem("duplicate", text, row.number, column, value)
