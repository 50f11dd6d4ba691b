"""What a file is: its format, by how it begins, and not by its name."""

import re
from typing import BinaryIO

from connectors.engine.intake.reading.records import HEADER_ROW, unreadable
from connectors.engine.intake.reading.settings import Format, ReadingSettings

_START_BYTES = 4096
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "an RTF document"),
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b")
_JSON_OBJECT = re.compile(r"\s*\{")
_JSON_ARRAY = re.compile(r"\s*\[\s*[{\[\]]")
_WHAT_IS_READ = "Save the rows as CSV, XLSX or JSON lines."
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def detect_format(file: BinaryIO, settings: ReadingSettings) -> Format:
    """The format of an open file, which is left at its start.

    Raises:
        UnreadableFileError: it is something else, or not what the settings say it is.
    """
    file.seek(0)
    start = file.read(_START_BYTES)
    file.seek(0)
    if not start:
        raise unreadable("empty_file", "The file is empty. Name the columns in its first row.", HEADER_ROW)
    _refuse_other_kinds(start)
    found = _format_of(start)
    wanted = Format(settings.format) if settings.format else found
    if Format.XLSX in (found, wanted) and wanted != found:
        text = (
            f"The profile reads {wanted.upper()}, and this file is {found.upper()}. Give the file the profile is for."
        )
        raise unreadable("wrong_format", text)
    return wanted


def _refuse_other_kinds(start: bytes) -> None:
    if start.startswith(_OLD_EXCEL):
        text = "This is an old Excel workbook, or one with a password. Save it as XLSX without a password."
        raise unreadable("not_a_table", text)
    kind = next((words for signature, words in _SIGNATURES if start.startswith(signature)), "")
    text_start = start.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(text_start):
        kind = "a web page"
    elif _XML.match(text_start):
        kind = "an XML document"
    if kind:
        raise unreadable("not_a_table", f"This is {kind}, not a table. {_WHAT_IS_READ}")


def _format_of(start: bytes) -> Format:
    if start.startswith((_ZIP, _EMPTY_ZIP)):
        return Format.XLSX
    encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
    text = start.decode(encoding, errors="replace").removeprefix("\ufeff")
    if _JSON_ARRAY.match(text):
        text = "This is one JSON array. Write JSON lines: one object on each line, without the brackets around them."
        raise unreadable("not_a_table", text, 1)
    return Format.JSON_LINES if _JSON_OBJECT.match(text) else Format.CSV
