"""CSV with any delimiter, encoding and quotation mark."""

import csv
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from connectors.engine.intake.reading.delimiters import detect_delimiter, detect_quote, dialect, excel_hint
from connectors.engine.intake.reading.encodings import LongLineError, detect_encoding, text_lines
from connectors.engine.intake.reading.records import (
    HEADER_ROW,
    MAX_FIELD_CHARACTERS,
    MAX_ROW_CHARACTERS,
    Layout,
    Problem,
    Record,
    Table,
    UnreadableFileError,
    checked_header,
    checked_record,
    field_too_long,
    shown,
)
from connectors.engine.intake.reading.settings import NO_QUOTES, Format, ReadingSettings

SAMPLE_CHARACTERS = 64 * 1024
_SAMPLE_LINES = 200
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", ":": "colon", " ": "space"}


def read_csv(file: BinaryIO, settings: ReadingSettings) -> Table:
    """The table in an open CSV file (raises UnreadableFileError, as reading its records does)."""
    encoding = settings.encoding or detect_encoding(file)
    sample = _sample(file, encoding)
    hint = excel_hint(sample.split("\n", 1)[0] + "\n" if sample else "")
    delimiter = settings.delimiter or hint
    quote = settings.quote or detect_quote(sample, delimiter)
    delimiter = delimiter or detect_delimiter(sample, quote)
    rows = _Rows(file, encoding, delimiter, quote, skip_first=bool(hint))
    header_row, header = next(_filled(rows), (HEADER_ROW, []))
    rows.header = checked_header(header, header_row)
    layout = Layout(Format.CSV, encoding, delimiter, "" if quote == NO_QUOTES else quote)
    return Table(layout, rows.header, _records(rows, delimiter))


def _sample(file: BinaryIO, encoding: str) -> str:
    """The first lines, none of them in part."""
    lines: list[str] = []
    size = 0
    reader = text_lines(file, encoding, MAX_ROW_CHARACTERS)
    try:
        for line in islice(reader, _SAMPLE_LINES):
            if lines and size + len(line) > SAMPLE_CHARACTERS:
                break
            lines.append(line)
            size += len(line)
    except LongLineError as long:
        lines = lines or [long.start[:SAMPLE_CHARACTERS]]
    finally:
        reader.close()  # type: ignore[attr-defined]
    return "".join(lines)


def _filled(rows: "_Rows") -> Iterator[tuple[int, list[str]]]:
    return ((row, values) for row, values in rows if any(value.strip() for value in values))


def _records(rows: "_Rows", delimiter: str) -> Iterator[Record]:
    header = rows.header
    for row, values in _filled(rows):
        record = checked_record(row, header, values)
        if len(values) != len(header):
            record = Record(row, record.values, (_wrong_number(row, header, values, delimiter),))
        yield record


def _wrong_number(row: int, header: Sequence[str], values: Sequence[str], delimiter: str) -> Problem:
    name = DELIMITER_NAMES.get(delimiter, delimiter)
    number = f"{len(values)} value{'s' if len(values) > 1 else ''}"
    text = f"Row {row} has {number} and the header {len(header)} columns. "
    if len(values) < len(header):
        text += f"Look for a {name} that is missing."
        column, value = header[len(values)], ""
    else:
        text += f"Look for a {name} too many, or quote the value that has one."
        column, value = "", values[len(header)]
    return Problem("wrong_number_of_values", text, row, column, shown(value))


class _Rows:
    """The rows of a CSV file with their numbers. What cannot be read on is raised with row, column and value."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str, quote: str, *, skip_first: bool) -> None:
        self.header: list[str] = []
        self._dialect = dialect(delimiter, quote)
        self._row = HEADER_ROW - 1
        self._text: list[str] = []
        self._characters = 0
        self._lines = text_lines(file, encoding, MAX_ROW_CHARACTERS)
        if skip_first:
            next(self._lines)
        csv.field_size_limit(MAX_FIELD_CHARACTERS)
        self._reader = csv.reader(self._watched(), strict=True, **self._dialect)

    def __iter__(self) -> "_Rows":
        return self

    def __next__(self) -> tuple[int, list[str]]:
        self._row += 1
        self._text, self._characters = [], 0
        try:
            return self._row, next(self._reader)
        except LongLineError as long:
            self._text.append(long.start)
            raise UnreadableFileError(self._problem()) from long
        except csv.Error as error:
            raise UnreadableFileError(self._problem()) from error

    def _watched(self) -> Iterator[str]:
        """The lines, remembered as long as they belong to the same row, and together no longer than a row may be."""
        for line in self._lines:
            self._text.append(line)
            self._characters += len(line)
            if self._characters > MAX_ROW_CHARACTERS:
                raise LongLineError("")
            yield line

    def _problem(self) -> Problem:
        """Why the row at hand cannot be read."""
        text = "".join(self._text)
        position = _readable_characters(text, self._dialect)
        values = next(csv.reader([text[:position]], **self._dialect), [""])
        column = self.header[len(values) - 1] if len(values) <= len(self.header) else ""
        place = column or f"column {len(values)}"
        if len(self._text) > 1 or position == len(text) <= MAX_ROW_CHARACTERS:
            message = (
                f"Row {self._row}: a quotation mark in {place} is not closed. Close it, or double it within a value."
            )
            return Problem("open_quotation_mark", message, self._row, column, shown(values[-1]))
        if position == len(text):
            message = f"Row {self._row} is longer than {MAX_ROW_CHARACTERS:,} characters. Shorten its values."
            return Problem("row_too_long", message, self._row)
        if len(values[-1]) >= MAX_FIELD_CHARACTERS:
            return field_too_long(self._row, column, values[-1])
        message = (
            f"Row {self._row}: more text follows the quoted value of {place}. Double quotation marks within a value."
        )
        return Problem("text_after_quotation_mark", message, self._row, column, shown(values[-1]))


def _readable_characters(text: str, arguments: dict[str, Any]) -> int:
    """How many characters of a row are read before the first that makes no sense; all, if only its end is missing."""
    if _is_readable(text, arguments):
        return len(text)
    return bisect_left(range(len(text)), 1, key=lambda end: not _is_readable(text[: end + 1], arguments))


def _is_readable(text: str, arguments: dict[str, Any]) -> bool:
    try:
        list(csv.reader([text], strict=True, **arguments))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return True
