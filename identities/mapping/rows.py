"""A mapping row and its compiled form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identities.mapping.errors import ExpressionError
from identities.mapping.expressions import ROOTS, compile_expression
from identities.mapping.paths import compile_path
from identities.vocabulary import MappingApply, MappingKind

Context = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MappingRow:
    """How one attribute is computed.

    Attributes:
        attribute: the attribute that is written.
        kind, source: an attribute path, a constant text, or an expression.
        apply: whether it is written always or only on create.
        clear_when_null: whether nothing as a result clears the attribute instead of leaving it alone.
        multi_valued: False when the attribute takes one value at most; None when that is not known.
    """

    attribute: str
    kind: MappingKind = MappingKind.DIRECT
    source: str = ""
    apply: MappingApply = MappingApply.ALWAYS
    clear_when_null: bool = False
    multi_valued: bool | None = None


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """A row that can be computed; `compute` gives the raw value (raises ExpressionError)."""

    row: MappingRow
    compute: Callable[[Context], object]


def compile_row(row: MappingRow, *, subject: str = "user", roots: frozenset[str] = ROOTS) -> CompiledRow:
    """Compile a row, as is done when it is saved. Sources that were seen before cost nothing.

    Args:
        subject: the document of the context that direct sources read.
        roots: the documents that expressions may read.

    Raises:
        ExpressionError: the source is not valid for its kind.
    """
    if row.kind == MappingKind.CONSTANT:
        return CompiledRow(row, lambda context: row.source)
    if row.kind == MappingKind.EXPRESSION:
        return CompiledRow(row, compile_expression(row.source, roots).evaluate)
    path = compile_path(row.source)

    def read(context: Context) -> object:
        document = context.get(subject)
        if not isinstance(document, Mapping):
            raise ExpressionError(f"There is no {subject!r} to read from.")
        return path.values(document)

    return CompiledRow(row, read)
