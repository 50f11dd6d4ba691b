"""What a filter on people looks at beyond the person: whose change can change its answer. Plain Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from identities.errors import RuleViolation
from identities.filters.attributes import Attribute, Collection, Complex, MultiValued, Target
from identities.filters.tree import Every, Filter, Negation, Node, Present, Select, Some, Test


@dataclass(frozen=True, slots=True)
class References:
    """What a filter on people looks at beside the person's own values.

    Attributes:
        manager: a value of the person's manager.
        org_unit: a value of the person's org unit.
        groups: the groups whose members it asks for.
    """

    manager: bool
    org_unit: bool
    groups: frozenset[UUID]


def references(filter: Filter) -> References:  # noqa: A002  # the domain's word
    """The references of a filter that is to be kept true while others change.

    Such a filter may ask for a person's groups by id alone: a name may be given to another group, and a search among
    all groups would make every group a part of every other.

    Raises:
        RuleViolation: code `invalid_filter`, with `filter_text`: it asks for groups in another way.
    """
    groups: set[UUID] = set()
    columns: set[str] = set()
    for node in _leaves(filter.root):
        target = node.many if isinstance(node, Select) else _target(node)
        if _is_groups(target):
            groups.add(_group_of(node))
        columns |= {part.column.partition("__")[0] for part in _parts(target) if "__" in part.column}
    return References("manager" in columns, "org_unit" in columns, frozenset(groups))


def _leaves(node: Node) -> Iterator[Node]:
    match node:
        case Every(terms=terms) | Some(terms=terms):
            for term in terms:
                yield from _leaves(term)
        case Negation(term=term):
            yield from _leaves(term)
        case _:
            yield node


def _target(node: Node) -> Target:
    match node:
        case Test(attribute=attribute):
            return attribute
        case Present(target=target):
            return target
    raise TypeError(f"not a clause: {node!r}")


def _is_groups(target: Target) -> bool:
    name = target.name if isinstance(target, MultiValued) else getattr(target, "many", "")
    return name == Collection.GROUPS


def _parts(target: Target) -> tuple[Attribute, ...]:
    if isinstance(target, MultiValued) or getattr(target, "many", ""):
        return ()
    return target.parts if isinstance(target, Complex) else (target,)


def _group_of(node: Node) -> UUID:
    """The one group whose members a clause asks for."""
    asked = node.inner if isinstance(node, Select) else node
    value = asked.value if isinstance(asked, Test) and asked.attribute.path == "groups.value" else None
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        message = f'In {node.text!r}: a rule asks for groups by their id, as in groups.value eq "{UUID(int=0)}".'
        raise RuleViolation("invalid_filter", message, field="filter_text") from None
