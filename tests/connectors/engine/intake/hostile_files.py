"""Files that are too large to keep, or made to use up whoever reads them; made when they are needed."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

COLUMNS: Final = (
    "employee_number",
    "first_name",
    "last_name",
    "email",
    "phone",
    "hire_date",
    "job_title",
    "manager_employee_number",
    "department_code",
    "department",
    "city",
    "state_province",
)
MEGABYTE: Final = 1024 * 1024
HEADER: Final = ",".join(COLUMNS) + "\n"
ROW: Final = "1,Ann,Ash,ann@example.com,5,2020-01-01,"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET: Final = (f'<worksheet xmlns="{_MAIN}"><sheetData>', "</sheetData></worksheet>")
_SHARED_TYPE: Final = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
_TYPES: Final = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS: Final = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_RELATION: Final = (
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
)
_WORKBOOK: Final = (
    f'<workbook xmlns="{_MAIN}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def workbook(rows: Iterator[str]) -> bytes:
    """A workbook with one sheet of these `<row>` elements, written piece by piece."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS.format(_RELATION.format("officeDocument", "xl/workbook.xml")))
        archive.writestr("xl/workbook.xml", _WORKBOOK)
        relation = _RELATION.format("worksheet", "worksheets/sheet1.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format(relation))
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET[0].encode())
            for row in rows:
                sheet.write(row.encode())
            sheet.write(_SHEET[1].encode())
    return packed.getvalue()


def text_row(*values: str) -> str:
    """A row of texts."""
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f"<row>{cells}</row>"


def shared_texts(*rows: list[str]) -> bytes:
    """A workbook as spreadsheet programs write it: its cells refer to texts in a table."""
    texts = [text for row in rows for text in row]
    cells = iter(f'<c t="s"><v>{number}</v></c>' for number in range(len(texts)))
    packed = io.BytesIO(workbook(f"<row>{''.join(next(cells) for _ in row)}</row>" for row in rows))
    changed = io.BytesIO()
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            content = before.read(name).decode()
            after.writestr(name, content.replace("</Types>", f"{_SHARED_TYPE}</Types>"))
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        after.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{items}</sst>')
    return changed.getvalue()


def with_parts(replaced: dict[str, tuple[str, str]], **more: str) -> bytes:
    """A workbook of two rows in which texts of parts are replaced, with more parts in `xl/`."""
    packed = io.BytesIO(workbook(iter([text_row("a"), text_row("1")])))
    changed = io.BytesIO()
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).decode().replace(*replaced.get(name, ("", "")), 1))
        for name, content in more.items():
            after.writestr(f"xl/{name.replace('__', '/')}.xml", content)
    return changed.getvalue()


_FIRST: Final = "xl/worksheets/sheet1.xml"
_ENTITIES: Final = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in pairwise("abcdefghi"))
    + ']><x a="&i;"/>'
)
# Small files that make a parser hold much or work long, each by another part; none holds more than 9 MB of XML.
PARTS: Final[dict[str, Callable[[], bytes]]] = {
    "formats": lambda: with_parts(
        {}, styles=f'<styleSheet xmlns="{_MAIN}"><cellXfs>{"<xf/>" * 300_000}</cellXfs></styleSheet>'
    ),
    "sheets": lambda: with_parts({"xl/workbook.xml": ("</sheets>", '<sheet name="x"/>' * 300 + "</sheets>")}),
    "names": lambda: with_parts({"xl/workbook.xml": ("</workbook>", "<definedName/>" * 300_000 + "</workbook>")}),
    "types": lambda: with_parts({"[Content_Types].xml": ("</Types>", "<Default/>" * 300_000 + "</Types>")}),
    "texts_elsewhere": lambda: with_parts(
        {"[Content_Types].xml": ("</Types>", _SHARED_TYPE.replace("sharedStrings.xml", "media/s.xml") + "</Types>")},
        media__s="<sst/>",
    ),
    "rows_before_the_data": lambda: with_parts(
        {_FIRST: ("<sheetData>", "<row></row>" * 10_000 + "<sheetData>")}
    ),
    "sheet_elsewhere": lambda: with_parts(
        {"xl/_rels/workbook.xml.rels": ("worksheets/sheet1.xml", "other/s.xml")},
        other__s="".join((*_SHEET[:1], text_row("a"), *_SHEET[1:])),
    ),
    "sheet_outside": lambda: with_parts({"xl/_rels/workbook.xml.rels": ("worksheets/", "../../../../etc/")}),
    "entities": lambda: with_parts({}, styles=_ENTITIES),
    "entities_of_the_workbook": lambda: with_parts({"xl/workbook.xml": ("<workbook", f"{_ENTITIES[:-13]}<workbook")}),
    "a_number_of_6000_digits": lambda: with_parts({_FIRST: (text_row("1"), f"<row><c><v>{'9' * 6000}</v></c></row>")}),
    "a_number_that_is_none": lambda: with_parts({_FIRST: (text_row("1"), "<row><c><v>1E400</v></c></row>")}),
}  # fmt: skip


def zip_bomb() -> bytes:
    """32 MB of nothing in 32 kB."""
    return workbook(text_row(" " * MEGABYTE) for _ in range(32))


def zip_bomb_of_4_gb() -> bytes:
    """A table of contents that promises 4 GB; what is there does not matter, because nobody looks."""
    content = bytearray(workbook(iter([text_row(*COLUMNS)])))
    entry = content.rfind(b"PK\x01\x02")  # the last one is the sheet's; its unpacked size stands at 24
    struct.pack_into("<L", content, entry + 24, 0xFFFFFFF0)
    return bytes(content)


def many_entries() -> bytes:
    """A workbook with 1,200 further entries."""
    packed = io.BytesIO(workbook(iter([text_row(*COLUMNS)])))
    with zipfile.ZipFile(packed, "a") as archive:
        for number in range(1200):
            archive.writestr(f"xl/x{number}", "")
    return packed.getvalue()


def long_cell() -> bytes:
    """A workbook with a text of 2 MB that packs badly enough not to be taken for a bomb."""
    return workbook(iter([text_row(*COLUMNS), text_row("1", "x" * 2 * MEGABYTE)]))


def row_far_right() -> bytes:
    """A workbook whose second row has one cell, in the last of all columns."""
    return workbook(iter([text_row(*COLUMNS), '<row r="2"><c r="XFD2" t="str"><v>far</v></c></row>']))


def huge_field() -> bytes:
    """A field of 100 MB."""
    return (HEADER + ROW).encode() + b"x" * (100 * MEGABYTE)


def huge_quoted_field() -> bytes:
    """A quotation mark that 20 MB of lines follow."""
    return (HEADER + ROW + '"').encode() + b"x,y\n" * (5 * MEGABYTE)


def many_fields() -> bytes:
    """A row of a million empty values."""
    return (HEADER + ROW).encode() + b"," * MEGABYTE


def long_json_line() -> bytes:
    """An object with a text of 5 MB."""
    return b'{"employee_number": "' + b"1" * 5 * MEGABYTE + b'"}\n'


def deep_json() -> bytes:
    """A line of 500,000 lists within each other."""
    return b'{"employee_number": "1", "email": ' + b"[" * 500_000 + b"\n"


GENERATED: Final[dict[str, Callable[[], bytes]]] = {
    f"{make.__name__}.{ending}": make
    for make, ending in (
        (zip_bomb, "xlsx"),
        (zip_bomb_of_4_gb, "xlsx"),
        (many_entries, "xlsx"),
        (long_cell, "xlsx"),
        (row_far_right, "xlsx"),
        (huge_field, "csv"),
        (huge_quoted_field, "csv"),
        (many_fields, "csv"),
        (long_json_line, "jsonl"),
        (deep_json, "jsonl"),
    )
}
