"""Filters that differ only in the texts they compare with: read once, and bound to other texts each time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from identities.errors import RuleViolation
from identities.filters.attributes import Attribute, Kind, Resource
from identities.filters.literals import UnfitError, literal
from identities.filters.parse import MAX_LENGTH, parse
from identities.filters.tree import Every, Filter, Negation, Node, Select, Some, Test

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Template:
    """A filter with holes. `filter` compares with texts that stand for others, those of `holes`."""

    filter: Filter
    tests: tuple[Test, ...]

    @property
    def holes(self) -> tuple[str, ...]:
        """The texts that stand for others, in the order in which the filter names them."""
        return tuple(test.value for test in self.tests)


def template(text: str, resource: Resource) -> tuple[Template, tuple[str, ...]] | None:
    """The template of a filter, and its texts as they are compared (folded).

    Returns:
        None where the filter has no template: it cannot be read, compares another attribute than a folded text with a
        text in quotes, or compares with an empty one. It has to be read whole then.
    """
    quoted = _QUOTED.findall(text)
    if not quoted or len(text) > MAX_LENGTH:
        return None
    numbers = iter(range(len(quoted)))
    found = _read(_QUOTED.sub(lambda _: f'"{hole_text(next(numbers))}"', text), resource)
    if found is None or len(found.tests) != len(quoted):
        return None
    try:
        values = tuple(
            literal(test.attribute, test.operator, orjson.loads(each))
            for test, each in zip(found.tests, quoted, strict=True)
        )
    except (UnfitError, orjson.JSONDecodeError):
        return None
    return (found, values) if all(values) else None


def hole_text(number: int) -> str:
    """A text that stands for one that is not known yet: one that nobody would write."""
    return f"\ue000{number}\ue001"


@lru_cache(maxsize=256)
def _read(text: str, resource: Resource) -> Template | None:
    try:
        read = parse(text, resource, per_client=True)
    except RuleViolation:
        return None
    tests = tuple(_tests(read.root))
    holes = [test.value for test in tests]
    if holes != [hole_text(number) for number in range(len(holes))]:
        return None
    return Template(read, tests)


def _tests(node: Node) -> Iterator[Test]:
    """The comparisons with a text, in the order in which they stand in the filter."""
    match node:
        case Test(attribute=Attribute(kind=kind), value=str()):
            # Another kind reads something else in the text, or refuses it.
            yield node if kind is Kind.TEXT else Test(node.text, node.attribute, node.operator, "")
        case Every(terms=terms) | Some(terms=terms):
            for term in terms:
                yield from _tests(term)
        case Negation(term=term):
            yield from _tests(term)
        case Select(inner=inner):
            yield from _tests(inner)
