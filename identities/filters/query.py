"""Turn a parsed filter into a Q object for users or groups.

Agrees with `identities.filters.match`, which a property test holds on both databases. Every leaf is true or false,
never NULL, so that negation means the same in SQL as in memory.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import Any, Final

from django.db.models import Exists, F, Q, QuerySet, Value
from django.db.models.functions import Left, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from scim2_models.path import CompareOperator

from identities.errors import RuleViolation
from identities.filters.attributes import MANAGER, Attribute, Complex, Kind, MultiValued, Target, find
from identities.filters.entries import Visibility, association, entries, neighbour
from identities.filters.json_elements import AnyElement, ByCodePoint, Condition
from identities.filters.tree import Every, Filter, Negation, Node, Present, Select, Some, Test

_NOTHING: Final = Q(pk__in=())
_EVERYTHING: Final = ~_NOTHING

_ORDERING: Final = {
    CompareOperator.gt: GreaterThan,
    CompareOperator.ge: GreaterThanOrEqual,
    CompareOperator.lt: LessThan,
    CompareOperator.le: LessThanOrEqual,
}
_LOOKUPS: Final = {
    CompareOperator.eq: "exact",
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}


def to_q(filter: Filter, visibility: Visibility | None = None) -> Q:  # noqa: A002  # the domain's word
    """The condition on rows of `User` or `Group` that holds for exactly the objects that satisfy the filter.

    Args:
        visibility: whose externalIds count, and which users and groups may be looked through (managers, members,
            groups). Which objects may be returned is not its business: restrict the queryset.

    Raises:
        RuleViolation: code `invalid_filter`, for `externalId` without a client.
    """
    return _Translator(filter, visibility or Visibility()).node(filter.root)


def selected(filter: Filter, owner: uuid.UUID, visibility: Visibility) -> "QuerySet[Any]":  # noqa: A002  # the domain's word
    """The rows of one user's or group's entries that a selection such as `members[type eq "Group"]` names.

    Raises:
        RuleViolation: code `invalid_filter`, for a filter that is no selection.
    """
    if not isinstance(filter.root, Select):
        raise RuleViolation("invalid_filter", 'A selection of entries is needed, such as emails[type eq "work"].')
    rows = entries(filter.root.many, visibility, owner)
    return rows.filter(_Translator(filter, visibility).node(filter.root.inner, inside=True))


class _Translator:
    """Translates the nodes of one filter. `inside`: below a selection, where columns are those of an entry."""

    def __init__(self, filter: Filter, visibility: Visibility) -> None:  # noqa: A002  # the domain's word
        self._filter = filter
        self._visibility = visibility

    def node(self, node: Node, *, inside: bool = False) -> Q:
        """The condition of a node."""
        match node:
            case Every(terms=terms):
                return _combine((self.node(term, inside=inside) for term in terms), Q.AND)
            case Some(terms=terms):
                return _combine((self.node(term, inside=inside) for term in terms), Q.OR)
            case Negation(term=term):
                return ~self.node(term, inside=inside)
            case Test():
                return self._test(node, inside=inside)
            case Present(target=target):
                return self._present(target, inside=inside)
            case Select(many=many, inner=inner):
                return Q(Exists(entries(many, self._visibility).filter(self.node(inner, inside=True))))
        raise TypeError(f"not a node: {node!r}")

    def _test(self, test: Test, *, inside: bool) -> Q:
        attribute = test.attribute
        if attribute.many and not inside:
            rows = entries(_many(self._filter, attribute.many), self._visibility)
            if test.value is None:
                return ~Q(Exists(rows)) | Q(Exists(rows.filter(~_filled(attribute))))
            return Q(Exists(rows.filter(_compared(attribute, test.operator, test.value))))
        if test.value is None:
            return ~self._present(attribute, inside=inside)
        return self._through(attribute, lambda here: _compared(here, test.operator, test.value))

    def _present(self, target: Target, *, inside: bool) -> Q:
        match target:
            case Complex(parts=parts):
                return _combine((self._present(part, inside=inside) for part in parts), Q.OR)
            case MultiValued():
                return Q(Exists(entries(target, self._visibility)))
            case Attribute() if target.many and not inside:
                rows = entries(_many(self._filter, target.many), self._visibility)
                return Q(Exists(rows.filter(_filled(target))))
            case _:
                return self._through(target, _filled)

    def _through(self, attribute: Attribute, condition: Callable[[Attribute], Q]) -> Q:
        """The condition where the attribute stands: in the row, the client's association or a neighbour's row."""
        if attribute.path == "externalId":
            here = replace(attribute, column="external_id")
            return Q(Exists(association(self._filter.resource, self._visibility).filter(condition(here))))
        if "__" in attribute.column and not attribute.many:
            rows, here = neighbour(attribute, self._visibility)
            return Q(Exists(rows.filter(condition(here))))
        if attribute.column == MANAGER.column and self._visibility.users is not None:
            return condition(attribute) & self._visibility.of_users(attribute.column)
        return condition(attribute)


def _combine(conditions: Iterable[Q], connector: str) -> Q:
    terms = list(conditions)
    if not terms:
        return _EVERYTHING if connector == Q.AND else _NOTHING
    return reduce(and_ if connector == Q.AND else or_, terms)


def _many(filter: Filter, name: str) -> MultiValued:  # noqa: A002  # the domain's word
    found = find(filter.resource, None, name)
    if not isinstance(found, MultiValued):
        raise TypeError(f"{name} is not multi-valued")
    return found


def _filled(attribute: Attribute) -> Q:
    """The condition that the column has a value."""
    match attribute.kind:
        case Kind.TEXT | Kind.EXACT_TEXT:
            return ~Q(**{attribute.column: ""})
        case Kind.IDENTIFIER | Kind.DATE:
            return Q(**{f"{attribute.column}__isnull": False})
        case Kind.CUSTOM:
            return Q(AnyElement(attribute.column, attribute.where[-1], Condition(CompareOperator.eq, None)))
        case _:
            return _EVERYTHING


def _compared(attribute: Attribute, operator: CompareOperator, value: Any) -> Q:
    """The condition that the column compares so with a value that is not null."""
    match attribute.kind:
        case Kind.TEXT:
            return _text(attribute, operator, value)
        case Kind.EXACT_TEXT:
            return _exact_text(attribute, operator, value)
        case Kind.IDENTIFIER:
            return _identifier(attribute, value)
        case Kind.CUSTOM:
            return Q(AnyElement(attribute.column, attribute.where[-1], Condition(operator, value)))
        case _:
            return _filled(attribute) & Q(**{f"{attribute.column}__{_LOOKUPS[operator]}": value})


def _text(attribute: Attribute, operator: CompareOperator, value: str) -> Q:
    if operator in _ORDERING:
        return _filled(attribute) & _ordered(attribute.key, operator, value)
    found = Q(**{f"{attribute.key}__{_LOOKUPS[operator]}": value})
    # The empty text is found in every column, also in one that stands for "no value".
    return found if value else _filled(attribute) & found


def _exact_text(attribute: Attribute, operator: CompareOperator, value: str) -> Q:
    """Compare with regard to case; LIKE would not on SQLite."""
    column = attribute.column
    if operator is CompareOperator.eq:
        return Q(**{column: value}) if value else _NOTHING
    if operator in _ORDERING:
        return _filled(attribute) & _ordered(column, operator, value)
    if not value:
        return _filled(attribute)
    match operator:
        case CompareOperator.co:
            return Q(GreaterThan(StrIndex(column, Value(value)), 0))
        case CompareOperator.sw:
            return Q(Exact(Left(column, len(value)), Value(value)))
        case _:
            return Q(Exact(Right(column, len(value)), Value(value)))


def _ordered(column: str, operator: CompareOperator, value: str) -> Q:
    return Q(_ORDERING[operator](ByCodePoint(F(column)), Value(value)))


def _identifier(attribute: Attribute, value: str) -> Q:
    """Compare an id; one that is not spelt as ours are is nobody's."""
    try:
        identifier = uuid.UUID(value)
    except ValueError:
        return _NOTHING
    if str(identifier) != value:
        return _NOTHING
    if attribute.path == "members.value":
        # Its two columns have an index each.
        return (Q(user_id__isnull=False) & Q(user_id=identifier)) | (
            Q(member_group_id__isnull=False) & Q(member_group_id=identifier)
        )
    return _filled(attribute) & Q(**{attribute.column: identifier})
