"""A mapping tried on a few rows, before anything of it is saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.engine.intake.profiles.profile import ROOT, ROOTS, computed_row
from connectors.vocabulary import ImportContent
from identities.errors import RuleViolation
from identities.mapping import ExpressionError, MappingRow, RowOutcome, apply_rows
from identities.mapping.apply import Scalar
from identities.rules.attributes import SINGLE_VALUED, VALUE_LENGTHS
from identities.rules.rows import clean_rows
from identities.rules.values import clean_single


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mapping gives.

    Attributes:
        values: for each sample row, the text each mapping row gives, in their order.
        problems: what is wrong by the place of the mapping row.
    """

    values: tuple[tuple[str, ...], ...]
    problems: dict[int, str]


def try_mapping(content: ImportContent, rows: Sequence[MappingRow], sample: Iterable[Mapping[str, str]]) -> Trial:
    """Compute every mapping row for every sample row; what cannot be computed or taken is a problem of its row."""
    problems: dict[int, str] = {}
    sound: dict[int, MappingRow] = {}
    for place, row in enumerate(rows):
        try:
            sound[place] = computed_row(row)
        except ExpressionError as error:
            problems[place] = error.message
    values = tuple(_mapped(content, rows, sound, record, problems) for record in sample)
    return Trial(values, problems)


def _mapped(
    content: ImportContent,
    rows: Sequence[MappingRow],
    sound: Mapping[int, MappingRow],
    record: Mapping[str, str],
    problems: dict[int, str],
) -> tuple[str, ...]:
    mapped = apply_rows(sound.values(), {ROOT: record}, creating=True, subject=ROOT, roots=ROOTS)
    texts = [""] * len(rows)
    for place, result in zip(sound, mapped.explained, strict=True):
        texts[place] = ", ".join(map(str, result.values))
        wrong = result.message if result.outcome == RowOutcome.PROBLEM else ""
        if not wrong and content == ImportContent.PEOPLE and result.values:
            wrong = _refusal(result.row.attribute, result.values)
        if wrong:
            problems.setdefault(place, wrong)
    return tuple(texts)


def _refusal(attribute: str, values: tuple[Scalar, ...]) -> str:
    """Why a person cannot have this; the empty text if they can."""
    try:
        if attribute in VALUE_LENGTHS:
            clean_rows(attribute, [{"value": str(value)} for value in values])
        elif attribute in SINGLE_VALUED:
            clean_single(attribute, values[0])
    except RuleViolation as refusal:
        return refusal.message
    return ""
