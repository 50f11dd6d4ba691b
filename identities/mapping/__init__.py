"""How attributes are computed from what is known of a person or group: paths, constants and expressions. No Django."""

from identities.mapping.apply import Mapped, Problem, RowOutcome, RowResult, apply_rows
from identities.mapping.errors import ExpressionError
from identities.mapping.expressions import ROOTS, Expression, compile_expression
from identities.mapping.functions import FUNCTIONS, TESTS, MappingFunction
from identities.mapping.paths import Path, compile_path
from identities.mapping.rows import CompiledRow, MappingRow, compile_row

__all__ = [
    "FUNCTIONS",
    "ROOTS",
    "TESTS",
    "CompiledRow",
    "Expression",
    "ExpressionError",
    "Mapped",
    "MappingFunction",
    "MappingRow",
    "Path",
    "Problem",
    "RowOutcome",
    "RowResult",
    "apply_rows",
    "compile_expression",
    "compile_path",
    "compile_row",
]
