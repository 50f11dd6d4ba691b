"""A decision's material as tables: what each mapping row gives, and the account as it is beside what it should be.

Pure, like everything here: from a situation without remote reads. Secrets are masked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from connectors.engine.decide.desired import desired_attributes, spec_of
from connectors.engine.decide.difference import difference
from connectors.engine.decide.values import displayed
from connectors.engine.decision import Answer
from connectors.engine.masking import MASK, looks_secret
from connectors.engine.situation import LinkView, Situation
from connectors.spi import Values
from connectors.vocabulary import LinkState
from identities.vocabulary import ObjectType

_CONCEALED = "set, not shown"


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One mapping row, computed.

    Attributes:
        kind, source, apply: as they are configured.
        outcome: yes gives a value, no fails, unknown waits for another account, info writes nothing.
        result: the value, or in words why there is none.
    """

    attribute: str
    kind: str
    source: str
    apply: str
    outcome: Answer
    result: str


class Comparison(StrEnum):
    """How an attribute stands: as it should be, to be written, kept although it differs, or not ours to write."""

    SAME = "same"
    DIFFERS = "differs"
    KEPT = "kept"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Compared:
    """One attribute: what was last known of the account, and what it should be (None: nothing is asked for)."""

    attribute: str
    current: str
    desired: str | None
    comparison: Comparison


def unknown_references(situation: Situation) -> frozenset[UUID]:
    """Objects of ours that the mappings refer to and whose accounts nobody has asked for yet."""
    return frozenset(desired_attributes(situation, creating=_is_created(situation)).unknown)


def mapped_rows(situation: Situation) -> tuple[MappedRow, ...]:
    """Every mapping row with what it gives; our mark, which no row gives, is not among them."""
    desired = desired_attributes(situation, creating=_is_created(situation))
    rows = situation.system.mappings
    return tuple(
        MappedRow(row.attribute, str(row.kind), row.source, str(row.apply), step.outcome, step.text)
        for row, step in zip(rows, desired.steps, strict=False)  # one step for each row, then that of the mark
    )


def compared(situation: Situation) -> tuple[Compared, ...]:
    """The account as it was last known beside what it should be: attributes the mappings give, then what else is known.

    The portable state stands first, under the name `enabled`, for people.
    """
    return (*_state(situation), *_attributes(situation))


def _is_created(situation: Situation) -> bool:
    return situation.link is None or not situation.link.is_linked


def _state(situation: Situation) -> Iterator[Compared]:
    item, link = situation.object, situation.link or LinkView()
    if item.type is not ObjectType.USER or link.enabled is None:
        return
    wanted = item.active and item.scope.matches and not item.deleted
    same = Comparison.SAME if link.enabled is wanted else Comparison.DIFFERS
    yield Compared("enabled", _boolean(link.enabled), _boolean(wanted), same)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _attributes(situation: Situation) -> Iterator[Compared]:
    link = situation.link or LinkView()
    desired = desired_attributes(situation, creating=_is_created(situation))
    found = difference(situation, desired, None)
    kept = {step.title for step in found.steps if step.outcome is Answer.INFO}
    for name, values in desired.attributes.items():
        spec = spec_of(situation, name)
        if spec is None:
            continue
        comparison = Comparison.KEPT if name in kept else Comparison.SAME
        comparison = Comparison.DIFFERS if name in found.replace else comparison
        yield Compared(name, _current(link, name), _shown(name, values), comparison)
    for name in sorted({*link.known, *link.fingerprints} - set(desired.attributes)):
        if link.state is LinkState.LINKED:
            yield Compared(name, _current(link, name), None, Comparison.UNMANAGED)


def _current(link: LinkView, name: str) -> str:
    if name in link.fingerprints:
        return _CONCEALED
    return _shown(name, link.known.get(name, ()))


def _shown(name: str, values: Values) -> str:
    return MASK if values and looks_secret(name) else displayed(values)
