"""Reading a CSV file: records by column name, or problems named by row and column. Knows nothing of people."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FIELD_CHARACTERS = 10_000
HEADER_ROW = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file. Rows are counted as a spreadsheet does: the header is row 1."""

    code: str
    message: str
    row: int | None = None
    column: str = ""
    value: str = ""


class UnreadableFileError(Exception):
    """The file cannot be read on: nothing after this place can be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file: its number and its values by column name, without surrounding white space."""

    row: int
    values: dict[str, str]


def read_header(path: Path) -> list[str]:
    """The column names of a file (raises UnreadableFileError)."""
    with _opened(path) as lines:
        return _header(lines)


def read_records(path: Path) -> Iterator[Record]:
    """Every row of a file, in order, in constant memory.

    Raises:
        UnreadableFileError: not UTF-8, a NUL character, unbalanced quotes, a row with more or fewer values than the
        header, a value that is too long.
    """
    with _opened(path) as lines:
        header = _header(lines)
        for row, values in _numbered(lines, HEADER_ROW + 1):
            if not any(value.strip() for value in values):
                continue
            yield Record(row, _by_column(header, values, row))


class _opened:  # noqa: N801 - reads as a phrase where it is used
    """A CSV reader over an open file, as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8-sig", newline="", errors="strict")

    def __enter__(self) -> Iterator[list[str]]:
        csv.field_size_limit(MAX_FIELD_CHARACTERS)
        return csv.reader(self._file, strict=True)

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()


def _header(lines: Iterator[list[str]]) -> list[str]:
    _row, first = next(_numbered(lines, HEADER_ROW), (HEADER_ROW, []))
    names = [name.strip() for name in first]
    if not any(names):
        raise UnreadableFileError(Problem("empty_file", "The file has no header row.", HEADER_ROW))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"The header names {', '.join(twice) or 'an empty column'} twice."
        raise UnreadableFileError(Problem("duplicate_column", message, HEADER_ROW, twice[0]))
    return names


def _numbered(lines: Iterator[list[str]], row: int) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers, from `row` on; what the reader raises becomes a problem that names the row."""
    while True:
        try:
            values = next(lines)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            text = f"Row {row} or one after it is not UTF-8 text (byte {error.start}). Save the file as UTF-8."
            raise UnreadableFileError(Problem("not_utf8", text, row)) from error
        except csv.Error as error:
            text = f"Row {row} cannot be read: {error}. Look for a quotation mark that is not closed."
            raise UnreadableFileError(Problem("unreadable_row", text, row)) from error
        yield row, values
        row += 1


def _by_column(header: list[str], values: list[str], row: int) -> dict[str, str]:
    if len(values) != len(header):
        text = (
            f"Row {row} has {len(values)} values and the header {len(header)} columns. "
            "Look for a missing or unquoted comma."
        )
        raise UnreadableFileError(Problem("wrong_number_of_values", text, row))
    stripped = {name: value.strip() for name, value in zip(header, values, strict=True)}
    for name, value in stripped.items():
        if "\0" in value:
            raise UnreadableFileError(Problem("nul_character", f"Row {row} has a NUL character.", row, name))
    return stripped
