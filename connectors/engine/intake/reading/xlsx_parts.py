"""Whether the parts of a workbook may be parsed: decided by their text, before anything is made of it.

What the parser makes of a tag of five characters can take a kilobyte of memory.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import ZipFile, ZipInfo

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, XLSM, XLSX, XLTM, XLTX

from connectors.engine.intake.reading.records import unreadable
from connectors.engine.intake.reading.xlsx_archive import SHARED, SHEETS, WORKBOOK

MAX_ROW_BYTES = 1024 * 1024
MAX_TAGS = 200_000
"""Of a part that is held as a whole. The 64,000 formats that a spreadsheet program allows are 130,000 tags."""
MAX_SHEETS = 255
_PIECE = 64 * 1024
_ROW_END = re.compile(rb"</(?:\w+:)?row\s*>|<(?:\w+:)?row\b[^<>]*/>")
_DATA = re.compile(rb"<(?:\w+:)?sheetData\b")
_SHEET = re.compile(rb"[<:]sheet[\s/>]")
_OVERLAP = 256
"""The end of a row can stand across two pieces."""
_UTF_16 = (b"\xfe\xff", b"\xff\xfe", b"\0<", b"<\0")
_NEVER_PARSED = ("xl/pivotcache/pivotcacherecords", "xl/externallinks/externallink")


def opened_reader(file: BinaryIO, archive: ZipFile) -> ExcelReader:
    """The library's reader of an open workbook, which has read all but the rows.

    Raises:
        UnreadableFileError: a part would take more memory or time than any workbook of people does.
    """
    for entry in archive.infolist():
        name = _name(entry.filename)
        if name.startswith(SHEETS):
            _check_sheet(archive, entry)
        elif name != SHARED and not name.startswith(_NEVER_PARSED):
            _check_tags(archive, entry)
    reader = ExcelReader(file, read_only=True, keep_links=False)
    reader.read_manifest()
    _check_places(reader.package)
    reader.read()
    for sheet in reader.wb.worksheets:
        if not _name(sheet._worksheet_path).startswith(SHEETS):
            raise _odd("has a sheet where sheets do not belong")
    return reader


def _name(path: str) -> str:
    return path.lower().lstrip("/")


def _odd(what: str) -> Exception:
    text = f"The workbook {what}. Save it again with a spreadsheet program, or as CSV."
    return unreadable("damaged_workbook", text)


def _pieces(archive: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            yield piece


def _check_sheet(archive: ZipFile, entry: ZipInfo) -> None:
    """Refuse a sheet with a row that would take more memory than a row may, or with more than a little before its rows.

    Without comments, CDATA sections and declarations the end of a row is written in one way.
    """
    row, since, before, begun = 0, 0, b"", False
    for piece in _pieces(archive, entry):
        text = before + piece
        if not before and text.startswith(_UTF_16):
            raise _odd("is not written in UTF-8")
        if b"<!" in text:
            raise unreadable("damaged_workbook", "A sheet of the workbook has comments or declarations in XML.")
        ends = [found.end() for found in _ROW_END.finditer(text)]
        begun = begun or _DATA.search(text) is not None
        if ends and not begun:
            raise _odd("has rows outside of its sheets' data")
        row += len(ends)
        since = len(text) - ends[-1] if ends else since + len(piece)
        if since > MAX_ROW_BYTES:
            message = f"Row {row + 1} of a sheet takes more than {MAX_ROW_BYTES // 1024:,} kB. Shorten its values."
            raise unreadable("row_too_long", message, row + 1)
        before = text[max(ends[-1] if ends else 0, len(text) - _OVERLAP) :]


def _check_tags(archive: ZipFile, entry: ZipInfo) -> None:
    """Refuse a part that becomes more objects than any needs; a workbook lists a few sheets."""
    tags = sheets = 0
    is_workbook = _name(entry.filename) == WORKBOOK
    for number, piece in enumerate(_pieces(archive, entry)):
        if not number and is_workbook and piece.startswith(_UTF_16):
            raise _odd("is not written in UTF-8")
        tags += piece.count(b"<")
        sheets += len(_SHEET.findall(piece)) if is_workbook else 0
    if tags > MAX_TAGS or sheets > MAX_SHEETS:
        what = f"sheets than {MAX_SHEETS:,}" if sheets > MAX_SHEETS else "formats, names or drawings than are read"
        raise unreadable("workbook_too_large", f"The workbook has more {what}. Copy the rows to a new one.")


def _check_places(package: Manifest) -> None:
    """Refuse a table of contents by which parts that are held as a whole lie elsewhere than expected."""
    for kinds, place in (((SHARED_STRINGS,), SHARED), ((XLSX, XLSM, XLTX, XLTM), WORKBOOK)):
        for part in package.Override:
            if part.ContentType in kinds and _name(part.PartName) != place:
                raise _odd("has its texts or sheets where they do not belong")
