"""Applying mapping rows: from a person's or group's documents to the values to write, with an explanation per row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from identities.mapping.errors import ExpressionError
from identities.mapping.expressions import ROOTS
from identities.mapping.rows import Context, MappingRow, compile_row
from identities.mapping.values import checked_result, is_list, kind_of, list_of
from identities.vocabulary import MappingApply, MappingKind

Scalar = str | int | float | bool | datetime
"""What is written: dates without a time are ISO 8601 text by then."""


class RowOutcome(StrEnum):
    """What became of a row."""

    WRITTEN = "written"
    CLEARED = "cleared"
    NULL = "null"
    ON_CREATE_ONLY = "on_create_only"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row, computed. `message` says what went wrong, for a problem."""

    row: MappingRow
    outcome: RowOutcome
    values: tuple[Scalar, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be computed; the others were."""

    attribute: str
    message: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the rows give.

    Attributes:
        values: what to write, by attribute; an empty tuple clears it, an attribute that is absent is left alone.
        explained: every row in its order.
        problems: the rows that failed. Whoever writes `values` in spite of them decides so.
    """

    values: dict[str, tuple[Scalar, ...]]
    explained: tuple[RowResult, ...]
    problems: tuple[Problem, ...]


def apply_rows(
    rows: Iterable[MappingRow],
    context: Context,
    *,
    creating: bool,
    subject: str = "user",
    roots: frozenset[str] = ROOTS,
) -> Mapped:
    """Compute the rows for one object; a failing row does not stop the others.

    A row that gives nothing writes nothing, unless it says "clear when null" and the object is there already. Empty
    text from a path or an expression is nothing; a constant is written as it stands. Of several rows for one attribute
    the last one that gives something counts.

    Args:
        context: documents by root name.
        creating: whether the object is about to be created; rows that apply on create are left out otherwise.
        subject: the document that direct sources read.
        roots: the documents that expressions may read.
    """
    explained = tuple(_computed(row, context, creating, subject, roots) for row in rows)
    values: dict[str, tuple[Scalar, ...]] = {}
    for result in explained:
        if result.outcome is RowOutcome.WRITTEN:
            values[result.row.attribute] = result.values
        elif result.outcome is RowOutcome.CLEARED:
            values.setdefault(result.row.attribute, ())
    failed = [result for result in explained if result.outcome is RowOutcome.PROBLEM]
    return Mapped(values, explained, tuple(Problem(each.row.attribute, each.message) for each in failed))


def _computed(row: MappingRow, context: Context, creating: bool, subject: str, roots: frozenset[str]) -> RowResult:
    if row.apply == MappingApply.ON_CREATE and not creating:
        return RowResult(row, RowOutcome.ON_CREATE_ONLY)
    try:
        values = _values(row, compile_row(row, subject=subject, roots=roots).compute(context))
    except ExpressionError as error:
        return RowResult(row, RowOutcome.PROBLEM, message=error.message)
    if values:
        return RowResult(row, RowOutcome.WRITTEN, values)
    return RowResult(row, RowOutcome.CLEARED if row.clear_when_null and not creating else RowOutcome.NULL)


def _values(row: MappingRow, computed: object) -> tuple[Scalar, ...]:
    """The computed value as scalars, each once, nothing left out but what is nothing (raises ExpressionError)."""
    try:
        checked = checked_result(computed)
    except ValueError as error:
        raise ExpressionError(f"The value cannot be used: {error}.") from error
    entries = list_of(checked) if is_list(checked) else [checked]
    keeps_empty = row.kind == MappingKind.CONSTANT
    scalars = [_scalar(each) for each in entries if each is not None and (each != "" or keeps_empty)]
    values = tuple({(type(each), each): each for each in scalars}.values())
    if row.multi_valued is False and len(values) > 1:
        raise ExpressionError(f"{row.attribute} takes one value, and there are {len(values)}.")
    return values


def _scalar(value: object) -> Scalar:
    if isinstance(value, (str, int, float, datetime)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    raise ExpressionError(f"{kind_of(value)} cannot be written; text, numbers, truth values and dates can.")
