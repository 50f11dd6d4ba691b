"""The first rows of a file, kept by a form that is about files like it, and the mapping they suggest."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from connectors.engine.intake.attributes import KEY_ATTRIBUTES, importable_attributes
from connectors.engine.intake.reading import UnreadableFileError, read_header, read_records
from connectors.vocabulary import ImportContent
from identities.errors import RuleViolation
from identities.mapping import MappingRow

SAMPLE_ROWS: Final = 5
_SAMPLE_BYTES: Final = 256 * 1024
_SHOWN_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """Column names, and the first rows by column name."""

    header: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = ()

    def as_text(self) -> str:
        """The sample as a form keeps it; read by `kept_sample`."""
        return json.dumps([self.header, self.rows]) if self.header else ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping to begin with: the key column (empty: none looks like it), rows, and options that name columns."""

    key_column: str
    rows: tuple[MappingRow, ...]
    options: dict[str, str]


def sample_of(file: BinaryIO) -> Sample:
    """The sample of an uploaded file (raises RuleViolation when it cannot be read)."""
    return _inspected(file)


def kept_sample(text: str) -> Sample:
    """The sample a form has kept; an empty one for what no form of ours has sent."""
    if len(text) > _SAMPLE_BYTES:
        return Sample()
    try:
        header, rows = json.loads(text)
        if not all(isinstance(name, str) for name in header):
            return Sample()
        kept = [{str(name): str(value) for name, value in row.items()} for row in rows[:SAMPLE_ROWS]]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Sample()
    return Sample(tuple(header), tuple(kept))


def suggested(content: ImportContent, header: Sequence[str]) -> Suggestion:
    """What the columns of a file of this content probably are."""
    known = {_plain(name): name for name in reversed(importable_attributes(content))}
    rows: dict[str, MappingRow] = {}
    for column in header:
        if attribute := known.get(_plain(column)):
            rows.setdefault(attribute, MappingRow(attribute, source=column))
    key = rows.get(KEY_ATTRIBUTES[content])
    return Suggestion(key.source if key else "", tuple(rows.values()), {})


def _inspected(file: BinaryIO) -> Sample:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.csv"
        path.write_bytes(file.read(_SAMPLE_BYTES).rpartition(b"\n")[0] or b"")
        try:
            header = read_header(path)
            records = list(islice(read_records(path), SAMPLE_ROWS))
        except UnreadableFileError as error:
            raise RuleViolation(error.problem.code, error.problem.message, field="sample_file") from error
    rows = tuple({name: value[:_SHOWN_CHARACTERS] for name, value in each.values.items()} for each in records)
    return Sample(tuple(header), rows)


def _plain(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum())
