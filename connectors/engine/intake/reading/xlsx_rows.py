"""XLSX workbooks: one sheet, row by row."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from math import isfinite
from typing import Any, BinaryIO

from openpyxl.utils import get_column_letter

from connectors.engine.intake.reading.records import (
    HEADER_ROW,
    Layout,
    Problem,
    Record,
    Table,
    UnreadableFileError,
    checked_header,
    checked_record,
    shown,
    unreadable,
)
from connectors.engine.intake.reading.settings import Format, ReadingSettings
from connectors.engine.intake.reading.xlsx_archive import opened_archive
from connectors.engine.intake.reading.xlsx_parts import opened_reader

MAX_ROWS = 1_048_576
_ZEROS = re.compile(r"0+")
_ERROR, _FORMULA = "e", "f"
_BEYOND_NUMBERS = ("inf", "-inf")

_Cells = tuple[int, tuple[Any, ...]]


def read_xlsx(file: BinaryIO, settings: ReadingSettings) -> Table:
    """The table in a sheet of an open workbook: the one that is named, or the first that is not hidden.

    Formulas are not computed: their cells are problems. Dates are ISO 8601 text.

    Raises:
        UnreadableFileError: it is no workbook, or too large unpacked, or has no such sheet.
    """
    with opened_archive(file) as archive, _damage(HEADER_ROW):
        workbook = opened_reader(file, archive).wb
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    sheet = _chosen(sheets, settings.sheet)
    sheet.reset_dimensions()
    rows = _filled_rows(sheet)
    header_row, cells = next(rows, (HEADER_ROW, ()))
    header = _header(header_row, cells)
    layout = Layout(Format.XLSX, sheet=sheet.title, sheets=tuple(each.title for each in sheets))
    return Table(layout, header, (_record(row, cells, header) for row, cells in rows))


@contextmanager
def _damage(row: int) -> Iterator[None]:
    """Whatever the library raises about a workbook that is not well-formed: it documents nothing of that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnreadableFileError:
        raise
    except Exception as error:
        text = f"The workbook cannot be read from row {row} on. Save it again with a spreadsheet program, or as CSV."
        raise unreadable("damaged_workbook", text, row) from error


def _chosen(sheets: list[Any], name: str) -> Any:
    if not sheets:
        raise unreadable("unknown_sheet", "The workbook has no sheet that is not hidden.")
    found = next((sheet for sheet in sheets if not name or sheet.title == name), None)
    if found is None:
        titles = ", ".join(sheet.title for sheet in sheets)
        text = f"The workbook has no sheet {name}. Its sheets are: {shown(titles)}. Rename one, or change the profile."
        raise unreadable("unknown_sheet", text)
    return found


def _filled_rows(sheet: Any) -> Iterator[_Cells]:
    """The rows of a sheet that are not blank, with their numbers."""
    rows = sheet.iter_rows(max_row=MAX_ROWS)
    for row in range(1, MAX_ROWS + 1):
        with _damage(row):
            cells = next(rows, None)
        if cells is None:
            return
        if any(cell.value not in (None, "") for cell in cells):
            yield row, cells


def _header(row: int, cells: tuple[Any, ...]) -> list[str]:
    names = [_text(cell) for cell in cells]
    while names and not names[-1].strip():
        names.pop()
    for cell in cells:
        if problem := _cell_problem(row, "the header", cell):
            raise UnreadableFileError(replace(problem, column=""))
    return checked_header(names, row)


def _record(row: int, cells: tuple[Any, ...], header: list[str]) -> Record:
    width = len(header)
    values = [_text(cell) for cell in cells[:width]]
    record = checked_record(row, header, [*values, *[""] * (width - len(values))])
    problems = [*record.problems]
    for column, cell, text in zip(header, cells, values, strict=False):
        if cell.data_type in (_ERROR, _FORMULA) or text in _BEYOND_NUMBERS:
            problem = _cell_problem(row, column, cell)
            problems += [problem] if problem else []
    beyond = next((cell for cell in cells[width:] if cell.value not in (None, "")), None)
    if beyond is not None:
        text = (
            f"Row {row}: cell {_name(row, beyond)} stands under no column of the header. Name its column, or empty it."
        )
        problems.append(Problem("wrong_number_of_values", text, row, "", shown(_text(beyond))))
    return Record(row, record.values, tuple(problems))


def _cell_problem(row: int, column: str, cell: Any) -> Problem | None:
    """What is wrong with a cell, whatever its text."""
    if cell.data_type == _FORMULA:
        formula = str(getattr(cell.value, "text", None) or cell.value)
        text = f"Row {row}: {column} (cell {_name(row, cell)}) is a formula, and none is computed. Paste its value."
        return Problem("formula", text, row, column, shown(formula))
    if cell.data_type == _ERROR:
        text = f"Row {row}: {column} (cell {_name(row, cell)}) is an error. Mend it in the workbook."
        return Problem("cell_error", text, row, column, shown(str(cell.value)))
    if isinstance(cell.value, float) and not isfinite(cell.value):
        text = f"Row {row}: {column} (cell {_name(row, cell)}) is no number that there is. Mend it in the workbook."
        return Problem("cell_error", text, row, column, str(cell.value))
    return None


def _name(row: int, cell: Any) -> str:
    return f"{get_column_letter(cell.column)}{row}"


def _text(cell: Any) -> str:
    """A cell as text: dates as ISO 8601, whole numbers without a decimal point, zeros before them as they are shown."""
    value = cell.value
    if value is None or cell.data_type in (_FORMULA, _ERROR):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    if isinstance(value, int):
        zeros = cell.number_format if cell.has_style else ""
        return str(value).zfill(len(zeros)) if _ZEROS.fullmatch(zeros) else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
