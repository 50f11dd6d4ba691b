"""The first rows of a file, kept by a form that is about files like it, and the mapping they suggest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from connectors.engine.intake.profiles.attributes import importable_attributes
from connectors.engine.intake.profiles.profile import Options
from connectors.engine.intake.profiles.suggestions import Suggestion, suggest_mapping
from connectors.engine.intake.reading.inspection import inspect_file
from connectors.vocabulary import ImportContent
from identities.errors import RuleViolation

SAMPLE_ROWS: Final = 5
_SAMPLE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """Column names, the first rows by column name, and, while it is new, what was assumed to read it."""

    header: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = ()
    assumed: tuple[str, ...] = ()

    def as_text(self) -> str:
        """The sample as a form keeps it; read by `kept_sample`."""
        return json.dumps([self.header, self.rows]) if self.header else ""


def sample_of(file: BinaryIO, options: Mapping[str, Any]) -> Sample:
    """The sample of an uploaded file, read as the options of its profile say.

    Raises:
        RuleViolation: it cannot be read.
    """
    found = inspect_file(file, Options(**options).reading)
    if not found.header:
        problem = found.problems[0]
        raise RuleViolation(problem.code, problem.message, field="sample_file")
    rows = tuple(record.values for record in found.sample[:SAMPLE_ROWS])
    return Sample(found.header, rows, found.assumed)


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
    return suggest_mapping(content, header, importable_attributes(content))
