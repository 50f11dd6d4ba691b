"""Looking at a file before it is imported: how it is written, its columns, its first rows."""

from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from connectors.engine.intake.reading.csv_rows import DELIMITER_NAMES
from connectors.engine.intake.reading.records import Layout, Problem, Record, UnreadableFileError, shown
from connectors.engine.intake.reading.settings import Format, ReadingSettings
from connectors.engine.intake.reading.tables import read_table

SAMPLE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file looks like.

    Attributes:
        layout: format, encoding, delimiter, quotation mark, sheet and sheets; None if the file cannot be read.
        header: its column names.
        sample: its first rows, their values cut to what a page shows.
        assumed: a sentence for everything that was detected and not fixed by the settings.
        problems: what is wrong with the file as a whole or with the rows of the sample.
    """

    layout: Layout | None = None
    header: tuple[str, ...] = ()
    sample: tuple[Record, ...] = ()
    assumed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def inspect_file(file: BinaryIO, settings: ReadingSettings | None = None) -> Inspection:
    """Look at an open file, which is left open, at no particular place. Reads little more than the sample, and the
    whole of a text once to find its encoding.
    """
    settings = settings or ReadingSettings()
    try:
        table = read_table(file, settings)
    except UnreadableFileError as error:
        return Inspection(problems=(error.problem,))
    records = list(islice(table.records, SAMPLE_ROWS))
    return Inspection(
        table.layout,
        tuple(table.header),
        tuple(_cut(record) for record in records),
        tuple(_assumed(table.layout, settings)),
        tuple(problem for record in records for problem in record.problems),
    )


def _cut(record: Record) -> Record:
    return replace(record, values={name: shown(value) for name, value in record.values.items()})


def layout_in_words(layout: Layout) -> str:
    """Format, encoding, delimiter and sheet, shortly."""
    delimiter = DELIMITER_NAMES.get(layout.delimiter, layout.delimiter)
    return ", ".join(filter(None, (_format_words(layout.format), layout.encoding, delimiter, layout.sheet)))


def _assumed(layout: Layout, settings: ReadingSettings) -> list[str]:
    """What was detected, in words."""
    told = []
    if not settings.format:
        told.append(_("The file is read as %(format)s.") % {"format": _format_words(layout.format)})
    if layout.encoding and not settings.encoding:
        told.append(_("Its text is taken for %(encoding)s.") % {"encoding": layout.encoding})
    if layout.delimiter and not settings.delimiter:
        name = DELIMITER_NAMES.get(layout.delimiter, layout.delimiter)
        told.append(_("Values are separated by: %(delimiter)s.") % {"delimiter": name})
    if layout.quote and not settings.quote:
        told.append(_("Values may stand between quotation marks: %(quote)s") % {"quote": layout.quote})
    if len(layout.sheets) > 1 and not settings.sheet:
        values = {"sheet": layout.sheet, "number": len(layout.sheets)}
        told.append(_("The sheet %(sheet)s is read, the first of %(number)s.") % values)
    return told


def _format_words(found: Format) -> str:
    return {Format.CSV: "CSV", Format.XLSX: "XLSX", Format.JSON_LINES: "JSON lines"}[found]
