"""The small filter tree every connector translates to its own query language, binding or escaping every value."""

from dataclasses import dataclass

from connectors.spi.objects import Scalar


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute has this value. `remote_id` and `reference` are legal attribute names for every connector."""

    attribute: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class StartsWith:
    """A value of the attribute starts with this text."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute has any value."""

    attribute: str


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Filter"


Filter = Equals | StartsWith | Present | And | Or | Not
