"""What reading gives, and what is checked alike in every format."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.engine.intake.reading.settings import Format

MAX_FIELD_CHARACTERS = 10_000
MAX_ROW_CHARACTERS = 1_000_000
MAX_COLUMNS = 1_000
HEADER_ROW = 1
SHOWN_CHARACTERS = 100
# Half a UTF-16 pair stands for a byte that could not be decoded (PEP 383), U+FFFD for one that was lost.
_UNREADABLE = re.compile("[\0\ud800-\udfff\ufffd]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file. Rows are counted as a spreadsheet does: the header is row 1."""

    code: str
    message: str
    row: int | None = None
    column: str = ""
    value: str = ""


class UnreadableFileError(Exception):
    """The file cannot be read, or not beyond this place: nothing after it can be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file: its number and its values by column name, without surrounding white space.

    A row with problems has the values that could be read, as far as they go: enough to say which row it is. A value
    that no database takes stands there as it is shown.
    """

    row: int
    values: dict[str, str]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. What does not apply to its format is empty.

    Attributes:
        sheet, sheets: the sheet that is read, and all that can be.
    """

    format: Format
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: its layout, its column names, and its rows, which can be read once, in constant memory.

    Where the file cannot be read on, the last record has the problem.

    Attributes:
        share_read: how much of the file was read so far, between 0 and 1; None if that cannot be told.
    """

    layout: Layout
    header: list[str]
    records: Iterator[Record]
    share_read: Callable[[], float | None] = lambda: None


def unreadable(code: str, message: str, row: int | None = None, column: str = "", value: str = "") -> Exception:
    """The error to raise about a file."""
    return UnreadableFileError(Problem(code, message, row, column, shown(value)))


def shown(value: str) -> str:
    """A value as messages and findings show it: cut, and what is no character replaced."""
    cut = value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 1] + "…"
    return _UNREADABLE.sub("\ufffd", cut)


def checked_header(names: Iterable[str], row: int = HEADER_ROW) -> list[str]:
    """The column names of a header row (raises UnreadableFileError)."""
    header = [name.strip() for name in names]
    if not any(header):
        raise unreadable("empty_file", "The file has no header row. Name the columns in its first row.", HEADER_ROW)
    if len(header) > MAX_COLUMNS:
        text = f"The header has {len(header):,} columns; at most {MAX_COLUMNS:,} are read. Delete those not needed."
        raise unreadable("too_many_columns", text, row)
    for position, name in enumerate(header, start=1):
        if not name:
            text = f"Column {position} of the header, row {row}, has no name. Name it, or delete the column."
            raise unreadable("empty_column", text, row)
        if problem := value_problem(row, f"column {position} of the header", name):
            raise UnreadableFileError(replace(problem, column=""))
    seen: set[str] = set()
    for name in header:
        if name in seen:
            text = f"The header names {shown(name)} twice. Rename or delete one of the two columns."
            raise unreadable("duplicate_column", text, row, name)
        seen.add(name)
    return header


def checked_record(row: int, header: Sequence[str], values: Sequence[str]) -> Record:
    """A row whose values stand in the order of the header, with what is wrong with them."""
    stripped = [value.strip() for value in values]
    read = dict(zip(header, stripped, strict=False))
    problems: tuple[Problem, ...] = ()
    if any(map(_is_suspect, stripped)):
        problems = tuple(problem for name, value in read.items() if (problem := value_problem(row, name, value)))
        read |= {problem.column: problem.value for problem in problems}
    return Record(row, read, problems)


def _is_suspect(value: str) -> bool:
    return len(value) > MAX_FIELD_CHARACTERS or _UNREADABLE.search(value) is not None


def value_problem(row: int, column: str, value: str) -> Problem | None:
    """What is wrong with a value, in any format."""
    if len(value) > MAX_FIELD_CHARACTERS:
        return field_too_long(row, column, value)
    found = _UNREADABLE.search(value)
    if found is None:
        return None
    if found[0] == "\0":
        text = f"Row {row}: {column} has a NUL character. Export the file again, or delete the character."
        return Problem("nul_character", text, row, column, shown(value))
    text = (
        f"Row {row}: {column} has a character that cannot be read. Save the file as UTF-8, or set its encoding in the "
        "profile."
    )
    return Problem("unreadable_character", text, row, column, shown(value))


def field_too_long(row: int, column: str, value: str) -> Problem:
    """The problem of a value that is longer than any may be."""
    text = (
        f"Row {row}: {column or 'a value'} is longer than {MAX_FIELD_CHARACTERS:,} characters. Shorten it, or look for "
        "a quotation mark that is not closed."
    )
    return Problem("field_too_long", text, row, column, shown(value))
