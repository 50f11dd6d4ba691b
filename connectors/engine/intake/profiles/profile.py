"""An import profile, ready for use: its mapping rows compiled, its options with their defaults."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from connectors.engine.intake.reading import ReadingSettings
from connectors.models import ImportProfile
from connectors.vocabulary import ImportContent
from identities.actors import file_origin
from identities.mapping.rows import MappingRow, compile_row
from identities.vocabulary import MappingKind

ROOT = "row"
ROOTS = frozenset({ROOT})
_COLUMN = re.compile(rf"""\b{ROOT}(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*(?:"([^"]+)"|'([^']+)')\s*\])""")


@dataclass(frozen=True, slots=True)
class Options:
    """What a profile makes of a file beside people's own values. An empty column name: the file has no such column.

    Attributes:
        manager_column: names a person's manager by their key.
        department_code_column, department_name_column: a person's org unit, by its code, and its name.
        department_manager_column: in the file of departments, the manager's key.
        departments_file: name of a file of departments that is taken along when it lies beside the people's file.
        groups_from_departments: one group per department, with the people of that department as members.
        format, delimiter, encoding, quote, sheet: how its files are written, as for `ReadingSettings`; empty: detected.
        apply_dropped: a file from the drop folder is applied at once if nothing is wrong with it.
    """

    manager_column: str = ""
    department_code_column: str = ""
    department_name_column: str = ""
    department_manager_column: str = ""
    departments_file: str = ""
    groups_from_departments: bool = False
    format: str = ""
    delimiter: str = ""
    encoding: str = ""
    quote: str = ""
    sheet: str = ""
    apply_dropped: bool = False

    @property
    def reading(self) -> ReadingSettings:
        """What is fixed about its files (raises WrongSettingError)."""
        return ReadingSettings(self.format, self.delimiter, self.encoding, self.quote, self.sheet)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as the intake uses it.

    Attributes:
        content: what the rows of its files are.
        complete: who, or which membership, is missing from a file of it is to be disabled, or withdrawn.
    """

    name: str
    key_column: str
    rows: tuple[MappingRow, ...]
    options: Options
    columns: dict[str, str] = field(default_factory=dict)
    content: ImportContent = ImportContent.PEOPLE
    complete: bool = False

    @property
    def origin(self) -> str:
        """What its values and memberships are marked with."""
        return file_origin(self.name)

    def column_of(self, attribute: str) -> str:
        """The column that an attribute is computed from (the attribute's own name if it has none)."""
        return self.columns.get(attribute, attribute)

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """Columns a file must have, other than one of departments."""
        return tuple(dict.fromkeys((self.key_column, *self.columns.values())))


def load_profile(stored: ImportProfile) -> Profile:
    """The profile with its rows compiled (raises ExpressionError for a row that is not valid)."""
    rows = tuple(row.plain() for row in stored.mappings.all())
    return Profile(
        stored.name,
        stored.key_column,
        tuple(computed_row(row) for row in rows),
        Options(**stored.options),
        columns_of(rows),
        ImportContent(stored.content),
        stored.complete,
    )


def computed_row(row: MappingRow) -> MappingRow:
    """The row as it is computed: a column is named as the header names it, with spaces and dots, and not by a path.

    Raises:
        ExpressionError: it is not valid.
    """
    if row.kind == MappingKind.DIRECT:
        row = replace(row, kind=MappingKind.EXPRESSION, source=f"{ROOT}[{json.dumps(row.source)}]")
    compile_row(row, subject=ROOT, roots=ROOTS)
    return row


def columns_of(rows: Iterable[MappingRow]) -> dict[str, str]:
    """The first column each attribute is computed from."""
    columns: dict[str, str] = {}
    for row in rows:
        if row.kind == MappingKind.DIRECT:
            columns[row.attribute] = row.source
        elif row.kind == MappingKind.EXPRESSION and (found := _COLUMN.search(row.source)):
            columns[row.attribute] = next(filter(None, found.groups()))
    return columns
