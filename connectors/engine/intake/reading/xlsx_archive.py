"""Whether a workbook may be unpacked: decided by its table of contents, before anything of it is.

A ZIP archive of a few kilobytes can hold gigabytes. What its table of contents says of sizes can be relied on: nothing
beyond them is ever unpacked.
"""

import struct
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from connectors.engine.intake.reading.records import unreadable

MAX_ENTRIES = 1_000
MAX_BYTES = 500 * 1024 * 1024
MAX_RATIO = 100
MAX_SHARED_BYTES = 48 * 1024 * 1024
"""The texts that cells refer to are held in memory."""
MAX_OTHER_BYTES = 10 * 1024 * 1024
_FREELY_PACKED_BYTES = 10 * 1024 * 1024
"""A small archive may pack as tightly as it likes."""
_MAX_CONTENTS_BYTES = 512 * 1024
_END = b"PK\x05\x06"
_END_BYTES = 22
_END64 = b"PK\x06\x07"
_END64_BYTES = 20
_LONGEST_COMMENT = 65_535
SHEETS = "xl/worksheets/"
SHARED = "xl/sharedstrings.xml"
WORKBOOK = "xl/workbook.xml"
_SAVE_AGAIN = "Save the workbook again with a spreadsheet program, or as CSV."


def opened_archive(file: BinaryIO) -> ZipFile:
    """The archive of an open workbook.

    Raises:
        UnreadableFileError: it is no workbook, it is damaged, or unpacking it would take more than any workbook of
            people does.
    """
    _check_contents_size(file)
    try:
        archive = ZipFile(file)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged() from error
    names = {name.lower() for name in archive.namelist()}
    if WORKBOOK not in names:
        kind = "an OpenDocument file" if "mimetype" in names else "a ZIP archive"
        kind = "a binary Excel workbook" if "xl/workbook.bin" in names else kind
        raise unreadable("not_a_table", f"This is {kind}, not an XLSX workbook. Save the rows as CSV or XLSX.")
    _check_sizes(archive)
    return archive


def _damaged() -> Exception:
    return unreadable("damaged_workbook", f"The workbook is damaged or incomplete. {_SAVE_AGAIN}")


def _too_large(what: str) -> Exception:
    return unreadable("archive_too_large", f"The workbook {what}, so it is not unpacked. {_SAVE_AGAIN}")


def _check_contents_size(file: BinaryIO) -> None:
    """Refuse a long table of contents before it is read (APPNOTE 4.3.16, the end of central directory record)."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT - _END64_BYTES))
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise _damaged()
    entries, contents_bytes = struct.unpack_from("<HL", tail, place + 10)
    if tail[max(0, place - _END64_BYTES) : place].startswith(_END64):
        raise _too_large("is packed for archives of more than 4 GB")
    if entries > MAX_ENTRIES or contents_bytes > _MAX_CONTENTS_BYTES:
        raise _too_large(f"has more than {MAX_ENTRIES:,} entries")


def _check_sizes(archive: ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _too_large(f"has more than {MAX_ENTRIES:,} entries")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_BYTES:
        raise _too_large(f"would take {_megabytes(unpacked)} unpacked, and at most {_megabytes(MAX_BYTES)} are")
    if unpacked > _FREELY_PACKED_BYTES and unpacked > packed * MAX_RATIO:
        raise _too_large(f"unpacks to more than {MAX_RATIO} times its size")
    for entry in entries:
        name = entry.filename.lower().lstrip("/")
        if name == SHARED and entry.file_size > MAX_SHARED_BYTES:
            raise _too_large(f"has more than {_megabytes(MAX_SHARED_BYTES)} of texts")
        if name != SHARED and not name.startswith(SHEETS) and entry.file_size > MAX_OTHER_BYTES:
            raise _too_large(f"has more than {_megabytes(MAX_OTHER_BYTES)} beside its sheets")
        if entry.flag_bits & 1:
            raise unreadable("damaged_workbook", "The workbook has a password. Save it without.")


def _megabytes(size: int) -> str:
    return f"{size // (1024 * 1024):,} MB"
