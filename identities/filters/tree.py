"""The parsed filter: what both evaluators walk. Plain Python."""

from dataclasses import dataclass
from typing import Any

from scim2_models.path import CompareOperator

from identities.filters.attributes import Attribute, MultiValued, Resource, Target


@dataclass(frozen=True, slots=True)
class Node:
    """A clause of a filter. `text` is the clause as SCIM writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Test(Node):
    """Compare an attribute with a value. `ne` never stands here: it is the negation of `eq`.

    A part of a multi-valued attribute outside a selection passes if any entry does. `value` has the attribute's type
    and is folded where the comparison is; None stands for null.
    """

    __test__ = False  # not a test case, whatever pytest may think of the name

    attribute: Attribute
    operator: CompareOperator
    value: Any


@dataclass(frozen=True, slots=True)
class Present(Node):
    """The attribute has a value that is not empty (RFC 7644 section 3.4.2.2, `pr`)."""

    target: Target


@dataclass(frozen=True, slots=True)
class Select(Node):
    """Some entry of a multi-valued attribute satisfies all of `inner`, whose attributes are parts of the entry."""

    many: MultiValued
    inner: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """The term does not hold."""

    term: Node


@dataclass(frozen=True, slots=True)
class Every(Node):
    """All terms hold. Without terms: what is true of every object."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some(Node):
    """At least one term holds. Without terms: what is true of no object."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that has been read and understood for one resource type."""

    text: str
    resource: Resource
    root: Node
