"""A file as a table, by the format it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from connectors.engine.intake.reading.csv_rows import read_csv
from connectors.engine.intake.reading.detection import detect_format
from connectors.engine.intake.reading.json_rows import read_json_lines
from connectors.engine.intake.reading.records import Record, Table, UnreadableFileError
from connectors.engine.intake.reading.settings import Format, ReadingSettings
from connectors.engine.intake.reading.xlsx_rows import read_xlsx

_READERS = {Format.CSV: read_csv, Format.XLSX: read_xlsx, Format.JSON_LINES: read_json_lines}


@contextmanager
def opened_table(path: Path, settings: ReadingSettings) -> Iterator[Table]:
    """The table in a file, which is closed afterwards (raises UnreadableFileError)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        table = read_table(file, settings)
        if table.layout.format == Format.XLSX:  # read here and there, as its parts lie in the archive
            yield table
        else:
            yield replace(table, share_read=lambda: file.tell() / size)


def read_table(file: BinaryIO, settings: ReadingSettings) -> Table:
    """The table in an open file, which must stay open while its records are read.

    Raises:
        UnreadableFileError: it is of no format that is read, or has no header that makes sense.
    """
    table = _READERS[detect_format(file, settings)](file, settings)
    return replace(table, records=_as_far_as_possible(table.records))


def _as_far_as_possible(records: Iterator[Record]) -> Iterator[Record]:
    """The records; one that nothing can be read after is the last, so that the problems before it are told as well."""
    try:
        yield from records
    except UnreadableFileError as error:
        problem = replace(error.problem, message=f"{error.problem.message} The rows after it were not read.")
        yield Record(problem.row or 0, {}, (problem,))
