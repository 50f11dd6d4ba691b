"""Sorting by a SCIM attribute (RFC 7644 section 3.4.2.3), always complete: ties are broken by id."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import F, OrderBy, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import NullIf

from identities.errors import RuleViolation
from identities.filters.attributes import (
    Attribute,
    Collection,
    Complex,
    Kind,
    MultiValued,
    Resource,
    Target,
    find,
)
from identities.filters.entries import Visibility, association, entries, neighbour
from identities.filters.literals import UnfitError, refuse_unstorable

# Never empty: their own index gives the order.
_ALWAYS_FILLED: Final = frozenset({"userName", "id", "active", "meta.created", "meta.lastModified", "state"})


@dataclass(frozen=True, slots=True)
class Sorting:
    """A complete order of objects. Those without a value come last, and first when descending.

    Attributes:
        value: the expression that orders.
        kind: what its values are.
        filled: every object has a value.
    """

    value: Any
    kind: Kind
    descending: bool = False
    filled: bool = True

    def order_by(self, *, backward: bool = False) -> tuple[Any, ...]:
        """Arguments for `order_by`; `backward` is the same order from its end."""
        down = self.descending != backward
        ends = {} if self.filled else {"nulls_first": True} if down else {"nulls_last": True}
        return OrderBy(self.value, descending=down, **ends), "-id" if backward else "id"

    def beyond(
        self, objects: "QuerySet[Any]", value: Any, pk: UUID, *, backward: bool = False, inclusive: bool = False
    ) -> "QuerySet[Any]":
        """Those of the objects that follow a place in the order, whether or not an object stands there.

        Args:
            value: the value that the place has.
            pk: the id that the place has.
            backward: those before it instead.
            inclusive: also the object that stands there.
        """
        down = self.descending != backward
        tie = Q(**{f"pk__{'lt' if backward else 'gt'}{'e' if inclusive else ''}": pk})
        if value is None:
            follows = Q(sort_value__isnull=True) & tie
            follows = follows | Q(sort_value__isnull=False) if down else follows
        else:
            step = "lt" if down else "gt"
            # The first condition follows from the second, and is what an index understands.
            follows = Q(**{f"sort_value__{step}e": value}) & (Q(**{f"sort_value__{step}": value}) | tie)
            follows = follows if down or self.filled else follows | Q(sort_value__isnull=True)
        return objects.alias(sort_value=self.value).filter(follows)


# In the order of creation, so that what is added while somebody turns pages comes after them.
DEFAULT_SORTING: Final = Sorting(F("created_at"), Kind.DATE_TIME)


def sorting(
    sort_by: str | None, resource: Resource, *, descending: bool = False, visibility: Visibility | None = None
) -> Sorting:
    """The order that `sortBy` asks for. Of several values the primary one counts, or else the first.

    Raises:
        RuleViolation: code `invalid_path`, for a name that is no attribute or cannot be sorted by.
    """
    if not sort_by:
        return DEFAULT_SORTING
    attribute = _attribute(sort_by, resource)
    value = _value(attribute, resource, visibility or Visibility())
    return Sorting(value, attribute.kind, descending, attribute.path in _ALWAYS_FILLED)


def _attribute(sort_by: str, resource: Resource) -> Attribute:
    schema, _, path = sort_by.rpartition(":")
    target = _found(schema or None, path, resource)
    if isinstance(target, MultiValued | Complex):
        target = target.value_part
    if target is None or target.kind is Kind.CUSTOM:
        raise RuleViolation("invalid_path", f"{resource} cannot be sorted by {sort_by!r}.")
    return target


def _found(schema: str | None, path: str, resource: Resource) -> Target | None:
    try:
        refuse_unstorable(path)
    except UnfitError:
        return None
    return find(resource, schema, path)


def _value(attribute: Attribute, resource: Resource, visibility: Visibility) -> Any:
    """The expression that orders: folded where the comparison is, NULL where there is no value."""
    value = _column(attribute, resource, visibility)
    if attribute.kind in (Kind.TEXT, Kind.EXACT_TEXT) and attribute.path not in _ALWAYS_FILLED:
        return NullIf(value, Value(""), output_field=TextField())
    return value


def _column(attribute: Attribute, resource: Resource, visibility: Visibility) -> Any:
    if attribute.path == "externalId":
        return Subquery(association(resource, visibility).values("external_id")[:1])
    if attribute.many:
        return _first_entry(attribute, resource, visibility)
    if "__" in attribute.column:
        rows, here = neighbour(attribute, visibility)
        return Subquery(rows.values(here.key)[:1])
    return F(attribute.key or attribute.column)


def _first_entry(attribute: Attribute, resource: Resource, visibility: Visibility) -> Subquery:
    many = find(resource, None, attribute.many)
    if not isinstance(many, MultiValued) or many.collection is Collection.MEMBERS:
        raise RuleViolation("invalid_path", f"{resource} cannot be sorted by {attribute.path!r}.")
    rows: QuerySet[Any] = entries(many, visibility)
    order = ("-primary", "position", "id") if many.collection is Collection.VALUES else ("id",)
    value = F(attribute.key or attribute.column)
    return Subquery(rows.order_by(*order).annotate(first_value=value).values("first_value")[:1])
