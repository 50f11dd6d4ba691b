"""Evaluate a filter in memory, clause by clause. Plain Python.

Agrees with `identities.filters.query` on every document and row, which a property test holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scim2_models.path import CompareOperator

from identities.canonical import fold
from identities.filters.attributes import Attribute, Complex, Kind, MultiValued, Target
from identities.filters.literals import day, moment
from identities.filters.tree import Every, Filter, Negation, Node, Present, Select, Some, Test

# A document may be gathered without these; clauses about them are then unknown.
_GATHERED: Final = ("groups", "manager", "org_unit", "custom")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause with its outcome: True, False, or None where the document does not say."""

    text: str
    truth: bool | None
    children: tuple["Clause", ...] = ()


def matches(filter: Filter, document: Mapping[str, Any]) -> bool:  # noqa: A002  # the domain's word
    """Whether the document satisfies the filter. Unknown is no."""
    return explain(filter, document).truth is True


def explain(filter: Filter, document: Mapping[str, Any]) -> Clause:  # noqa: A002  # the domain's word
    """The filter's clauses with their outcome for this document (see `identities.representation.document`)."""
    return _clause(filter.root, document)


def _clause(node: Node, source: Mapping[str, Any], *, entry: bool = False) -> Clause:
    match node:
        case Every(terms=terms):
            children = tuple(_clause(term, source, entry=entry) for term in terms)
            return Clause(node.text, _all(child.truth for child in children), children)
        case Some(terms=terms):
            children = tuple(_clause(term, source, entry=entry) for term in terms)
            return Clause(node.text, _not(_all(_not(child.truth) for child in children)), children)
        case Negation(term=term):
            child = _clause(term, source, entry=entry)
            # `ne` is one clause to a reader.
            return Clause(node.text, _not(child.truth), () if term.text == node.text else (child,))
        case _:
            return Clause(node.text, _leaf(node, source, entry=entry))


def _leaf(node: Node, source: Mapping[str, Any], *, entry: bool) -> bool | None:
    if not entry and _unknown(node, source):
        return None
    match node:
        case Test(attribute=attribute, operator=operator, value=wanted):
            return _passes(_values(attribute, source, entry=entry), operator, wanted)
        case Present(target=target):
            return _present(target, source, entry=entry)
        case Select(many=many, inner=inner):
            return any(_clause(inner, each, entry=True).truth is True for each in _entries(many, source))
    raise TypeError(f"not a clause: {node!r}")


def _all(truths: Iterable[bool | None]) -> bool | None:
    outcomes = list(truths)
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _unknown(node: Node, source: Mapping[str, Any]) -> bool:
    match node:
        case Test(attribute=attribute):
            key = attribute.many or attribute.where[0]
        case Present(target=Attribute() as attribute):
            key = attribute.many or attribute.where[0]
        case Present(target=MultiValued(name=name)) | Select(many=MultiValued(name=name)):
            key = name
        case _:
            return False
    return key in _GATHERED and key not in source


def _entries(many: MultiValued, source: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return source.get(many.name) or ()


def _values(attribute: Attribute, source: Mapping[str, Any], *, entry: bool) -> list[Any]:
    """The attribute's values in the form they are compared in; None stands for an absent one."""
    if attribute.many and not entry:
        return [value for each in source.get(attribute.many) or () for value in _values(attribute, each, entry=True)]
    found: Any = source
    for key in attribute.where:
        found = found.get(key) if isinstance(found, Mapping) else None
    if attribute.kind is Kind.CUSTOM:
        return [each for each in (found if isinstance(found, list) else [found]) if each not in (None, "")]
    if attribute.kind is Kind.BOOLEAN:
        return [bool(found)]
    return [_READ[attribute.kind](found) if found not in (None, "") else None]


_READ: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: fold,
    Kind.EXACT_TEXT: str,
    Kind.IDENTIFIER: str,
    Kind.DATE_TIME: moment,
    Kind.DATE: day,
}


def _passes(values: list[Any], operator: CompareOperator, wanted: Any) -> bool:
    if wanted is None:
        return not values or None in values
    return any(compare(value, operator, wanted) for value in values if value is not None)


def compare(value: Any, operator: CompareOperator, wanted: Any) -> bool:
    """Whether a value compares so; one of another type does not, whatever the operator."""
    if _type(value) is not _type(wanted):
        return False
    return _COMPARE[operator](value, wanted)


def _type(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


_COMPARE: Final[dict[CompareOperator, Callable[[Any, Any], bool]]] = {
    CompareOperator.eq: lambda value, wanted: bool(value == wanted),
    CompareOperator.co: lambda value, wanted: wanted in value,
    CompareOperator.sw: lambda value, wanted: bool(value.startswith(wanted)),
    CompareOperator.ew: lambda value, wanted: bool(value.endswith(wanted)),
    CompareOperator.gt: lambda value, wanted: bool(value > wanted),
    CompareOperator.ge: lambda value, wanted: bool(value >= wanted),
    CompareOperator.lt: lambda value, wanted: bool(value < wanted),
    CompareOperator.le: lambda value, wanted: bool(value <= wanted),
}


def _present(target: Target, source: Mapping[str, Any], *, entry: bool) -> bool:
    match target:
        case MultiValued():
            return len(_entries(target, source)) > 0
        case Complex(parts=parts):
            return any(_present(part, source, entry=entry) for part in parts)
        case _:
            return any(value is not None for value in _values(target, source, entry=entry))
