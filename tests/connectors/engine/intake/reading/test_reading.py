"""Files in every format: what is detected, what is fixed, what comes out, and how much memory that takes."""

import io
import json
import sys
import tracemalloc
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from connectors.engine.intake.reading import ReadingSettings, UnreadableFileError, WrongSettingError
from connectors.engine.intake.reading.inspection import SAMPLE_ROWS, inspect_file
from connectors.engine.intake.reading.settings import Format
from connectors.engine.intake.reading.tables import read_table
from tests.connectors.engine.intake.hostile_files import (
    MEGABYTE,
    PARTS,
    huge_field,
    shared_texts,
    text_row,
    workbook,
    zip_bomb,
    zip_bomb_of_4_gb,
)
from tests.timing import answered_within

GERMAN = "Nr;Vorname;Nachname;Ort\r\n1;Jörg;Müller;Köln\r\n2;Anna;Groß;Düsseldorf\r\n"
POLISH = "Nr;Imię;Nazwisko\r\n1;Łukasz;Wójcik\r\n2;Agnieszka;Dąbrowska\r\n3;Paweł;Szczęsny\r\n"
RUSSIAN = "Номер;Имя;Фамилия\r\n1;Иван;Иванов\r\n2;Мария;Петрова\r\n"
JAPANESE = "番号;名前;姓\r\n1;太郎;山田\r\n2;花子;鈴木\r\n"


def rows_of(content: bytes, **settings: str) -> list[list[str]]:
    """Header and values of a file in which nothing is wrong."""
    table = read_table(io.BytesIO(content), ReadingSettings(**settings))
    records = list(table.records)
    assert not [problem for record in records for problem in record.problems]
    return [table.header, *(list(record.values.values()) for record in records)]


def plain(text: str) -> list[list[str]]:
    return [line.split(";") for line in text.splitlines()]


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "utf-32", "utf-32"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "cp850", "cp850"),
        (GERMAN, "mac_roman", "mac-roman"),
        (POLISH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "utf-8", "utf-8"),
        ("Nr;Name\n" + ("1;" + "A" * 200 + "\n") * 6_000 + "2;José\n", "cp1252", "cp1252"),
    ],
    ids=lambda value: value if len(value) < 12 else "",
)
def test_encodings_are_detected(text: str, encoding: str, found: str) -> None:
    content = text.encode(encoding)
    assert inspect_file(io.BytesIO(content)).layout.encoding == found  # type: ignore[union-attr]
    assert rows_of(content) == plain(text)


@pytest.mark.parametrize(
    ("content", "delimiter", "quote", "rows"),
    [
        ("a,b\n1,2\n", ",", '"', [["a", "b"], ["1", "2"]]),
        ("a;b;c\n1;x;1,5\n2;y;2,5\n", ";", '"', [["a", "b", "c"], ["1", "x", "1,5"], ["2", "y", "2,5"]]),
        ("a\tb\n1, 2\t3\n", "\t", '"', [["a", "b"], ["1, 2", "3"]]),
        ("a|b\n1|2\n", "|", '"', [["a", "b"], ["1", "2"]]),
        ("sep=^\r\na^b\r\n1^2\r\n", "^", '"', [["a", "b"], ["1", "2"]]),
        ("email\na@example.com\n", ",", '"', [["email"], ["a@example.com"]]),
        ("a,b\n'x, y','z'\n'q','O''Brien'\n", ",", "'", [["a", "b"], ["x, y", "z"], ["q", "O'Brien"]]),
        ('"a", "b"\n"1,5", "say ""x"""\n', ",", '"', [["a", "b"], ["1,5", 'say "x"']]),
        ("a,b\n1,O'Brien\n2,'tis\n", ",", '"', [["a", "b"], ["1", "O'Brien"], ["2", "'tis"]]),
        ('a,b\n"1\n2",3\n', ",", '"', [["a", "b"], ["1\n2", "3"]]),
        ("a,b\r\n1,2\r3,4\n5,6", ",", '"', [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]),
    ],
)
def test_delimiters_quotation_marks_and_line_ends_are_detected(
    content: str, delimiter: str, quote: str, rows: list[list[str]]
) -> None:
    layout = inspect_file(io.BytesIO(content.encode())).layout
    assert layout is not None
    assert (layout.format, layout.delimiter, layout.quote) == (Format.CSV, delimiter, quote)
    assert rows_of(content.encode()) == rows


def test_fixed_settings_win_over_what_is_detected() -> None:
    assert rows_of(b'a;b,c\n1;"2,3\n', delimiter="comma", quote="none") == [["a;b", "c"], ['1;"2', "3"]]
    assert rows_of("Nr;ø\n1;Ø\n".encode("cp1252"), encoding="cp850")[0] == ["Nr", "°"]
    assert rows_of(b'{"a"\n1\n', format="csv") == [['{"a"'], ["1"]]
    assert rows_of(b"a\tb c\n", delimiter="space") == [["a\tb", "c"]]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("format", "pdf"),
        ("delimiter", "::"),
        ("delimiter", "\n"),
        ("quote", "''"),
        ("encoding", "utf-9"),
        ("encoding", "base64"),
        ("encoding", "rot13"),
        ("encoding", "idna"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(setting: str, value: str) -> None:
    with pytest.raises(WrongSettingError) as refused:
        ReadingSettings(**{setting: value})
    assert refused.value.setting == setting


# XLSX ---------------------------------------------------------------------------------------------------------------


def xlsx(*rows: list[Any], sheet: str = "People", **formats: str) -> bytes:
    book = Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    for cell, number_format in formats.items():
        page[cell].number_format = number_format
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_cells_become_the_text_that_a_person_reads() -> None:
    morning = datetime(2026, 1, 31, 8, 30)  # noqa: DTZ001 - a workbook knows no time zones
    row = [42, 1.0, 1.5, 4155550101, date(2026, 1, 31), morning, True, None, " x ", 7, 1e20]
    header = [f"c{number}" for number in range(len(row))]
    content = xlsx([], header, row, [None] * len(row), [1], J3="0000")

    found, values, last = rows_of(content)
    assert found == header
    assert values == [
        "42",
        "1",
        "1.5",
        "4155550101",
        "2026-01-31",
        "2026-01-31T08:30:00",
        "true",
        "",
        "x",
        "0007",
        "100000000000000000000",
    ]
    assert last == ["1", *[""] * 10]


def test_rows_are_counted_as_the_spreadsheet_shows_them() -> None:
    table = read_table(io.BytesIO(xlsx([], ["a"], [], [1])), ReadingSettings())
    assert [record.row for record in table.records] == [4]


def test_texts_that_cells_share_are_found_and_look_like_formulas_without_being_any() -> None:
    assert rows_of(shared_texts(["a", "b"], ["=1+1", "@x"])) == [["a", "b"], ["=1+1", "@x"]]


def test_a_sheet_is_chosen_by_name_and_the_first_one_taken_otherwise() -> None:
    book = Workbook()
    book.active.append(["first"])
    book.create_sheet("Notes").append(["second"])
    book.create_sheet("Hidden").sheet_state = "hidden"
    packed = io.BytesIO()
    book.save(packed)

    inspection = inspect_file(packed)
    assert inspection.layout and inspection.layout.sheets == ("Sheet", "Notes")
    assert (inspection.layout.sheet, inspection.header) == ("Sheet", ("first",))
    assert "The sheet Sheet is read, the first of 2." in inspection.assumed
    assert rows_of(packed.getvalue(), sheet="Notes") == [["second"]]


@pytest.mark.parametrize("make", [zip_bomb, zip_bomb_of_4_gb])
def test_a_zip_bomb_is_refused_before_anything_is_unpacked(make: Any) -> None:
    content = io.BytesIO(make())
    tracemalloc.start()
    with answered_within(0.1), pytest.raises(UnreadableFileError, match="not unpacked"):
        read_table(content, ReadingSettings())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGABYTE


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_workbook_that_would_be_too_much_is_not_parsed(part: str) -> None:
    content = io.BytesIO(PARTS[part]())
    with answered_within(0.5):
        try:
            records = read_table(content, ReadingSettings()).records
            told = [problem.code for record in records for problem in record.problems]
        except UnreadableFileError as refusal:
            told = [refusal.problem.code]
    assert told in (["workbook_too_large"], ["damaged_workbook"], ["unknown_sheet"], ["cell_error"])


# JSON lines ---------------------------------------------------------------------------------------------------------


def test_json_values_become_text_and_a_member_may_be_missing() -> None:
    lines = '{"a": 1, "b": null, "c": true}\n\n{"b": "x ", "d": 12345678901234567890.10}\n'
    table = read_table(io.BytesIO(lines.encode("utf-16")), ReadingSettings())
    assert table.header == ["a", "b", "c", "d"]
    assert [(record.row, list(record.values.values())) for record in table.records] == [
        (1, ["1", "", "true", ""]),
        (3, ["", "x", "", "12345678901234567890.10"]),
    ]


def test_what_is_nested_or_not_wanted_in_json_is_told_and_not_held() -> None:
    lines = ['{"a": "1"}', json.dumps({str(number): "" for number in range(1001)}), '{"a": [' + "[]," * 30_000 + "1]}"]
    lines.append('{"a": 1e400, "b": ' + "9" * 5000 + "}")
    tracemalloc.start()
    records = list(read_table(io.BytesIO("\n".join(lines).encode()), ReadingSettings()).records)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert [[problem.code for problem in record.problems] for record in records] == [
        [], ["too_many_columns"], ["nested_value"], [],
    ]  # fmt: skip
    assert (records[3].values["a"], len(records[3].values["b"])) == ("1e400", 5000)
    assert held < MEGABYTE / 2


# Size ---------------------------------------------------------------------------------------------------------------

ROWS = 100_000


class Endless(io.RawIOBase):
    """A file that is made while it is read, so that it takes no memory itself."""

    def __init__(self, header: bytes, row: bytes, rows: int) -> None:
        self._header, self._row, self._size = header, row, len(header) + len(row) * rows
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, self._size)[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if self._at < len(self._header):
            piece = self._header[self._at : self._at + wanted]
        else:
            skipped = (self._at - len(self._header)) % len(self._row)
            piece = (self._row * ((wanted + skipped) // len(self._row) + 1))[skipped : skipped + wanted]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def growth(file: Any) -> tuple[int, int]:
    """How many rows a file has, and how many more blocks of memory are held at its end than after its beginning."""
    table = read_table(file, ReadingSettings())
    number = sum(1 for _record in islice(table.records, 1000))
    before = sys.getallocatedblocks()
    number += sum(1 for _record in table.records)
    return number, sys.getallocatedblocks() - before


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (b"a;b;c\n", "1;Jörg Müller;joerg@example.com\n".encode()),
        (b"", json.dumps({"a": 1, "b": "Jörg", "c": "joerg@example.com"}).encode() + b"\n"),
    ],
    ids=["CSV", "JSON lines"],
)
def test_memory_does_not_grow_with_the_number_of_rows(header: bytes, row: bytes) -> None:
    number, blocks = growth(io.BufferedReader(Endless(header, row, ROWS)))
    assert number == ROWS
    assert blocks < 1000


def test_memory_hardly_grows_with_the_rows_of_a_workbook() -> None:
    rows = 10_000
    made = (text_row(str(number), f"Jörg {number}") for number in range(rows))
    number, blocks = growth(io.BytesIO(workbook(chain([text_row("a", "b")], made))))
    assert number == rows
    assert blocks < 2 * rows, "an empty element is left of every row, and nothing more"


def test_a_field_of_100_megabytes_is_found_without_being_held() -> None:
    file = io.BytesIO(huge_field())
    tracemalloc.start()
    (record,) = read_table(file, ReadingSettings()).records
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(problem.code, problem.row, problem.column) for problem in record.problems] == [
        ("field_too_long", 2, "job_title")
    ]
    assert peak < 24 * MEGABYTE


# Looking at a file --------------------------------------------------------------------------------------------------


def test_an_inspection_tells_what_was_assumed_and_leaves_the_file_open() -> None:
    upload = SimpleUploadedFile("people.txt", GERMAN.replace("2;", "2;;").encode("cp1252"))
    inspection = inspect_file(upload)

    assert not upload.closed
    assert inspection.header == ("Nr", "Vorname", "Nachname", "Ort")
    assert inspection.sample[0].values == {"Nr": "1", "Vorname": "Jörg", "Nachname": "Müller", "Ort": "Köln"}
    assert [problem.code for problem in inspection.problems] == ["wrong_number_of_values"]
    assert inspection.assumed == (
        "The file is read as CSV.",
        "Its text is taken for cp1252.",
        "Values are separated by: semicolon.",
        'Values may stand between quotation marks: "',
    )
    fixed = ReadingSettings(format="csv", encoding="cp1252", delimiter=";", quote='"')
    assert inspect_file(upload, fixed).assumed == ()


def test_an_inspection_shows_the_first_rows_with_long_values_cut() -> None:
    inspection = inspect_file(io.BytesIO(b"a,b\n" + b"1," + b"x" * 500 + b"\n" + b"1,2\n" * 50))
    assert len(inspection.sample) == SAMPLE_ROWS
    assert len(inspection.sample[0].values["b"]) == 100


def test_a_file_that_cannot_be_read_is_told() -> None:
    inspection = inspect_file(io.BytesIO(b"%PDF-1.7"))
    assert (inspection.layout, [problem.code for problem in inspection.problems]) == (None, ["not_a_table"])
