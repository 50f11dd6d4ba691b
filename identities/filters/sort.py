"""Sorting by a SCIM attribute (RFC 7644 section 3.4.2.3), always complete: ties are broken by id."""

from typing import Any, Final

from django.db.models import F, OrderBy, QuerySet, Subquery, Value
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

# In the order of creation, so that what is added while somebody turns pages comes after them.
DEFAULT_ORDER: Final = ("created_at", "id")
# Never empty: their own index gives the order.
_ALWAYS_FILLED: Final = frozenset({"userName", "id", "active", "meta.created", "meta.lastModified", "state"})


def ordering(
    sort_by: str | None, resource: Resource, *, descending: bool = False, visibility: Visibility | None = None
) -> tuple[Any, ...]:
    """Arguments for `order_by`.

    Objects without a value come last, and first when descending. Of several values the primary one counts, or else the
    first.

    Raises:
        RuleViolation: code `invalid_path`, for a name that is no attribute or cannot be sorted by.
    """
    if not sort_by:
        return DEFAULT_ORDER
    attribute = _attribute(sort_by, resource)
    value = _value(attribute, resource, visibility or Visibility())
    if attribute.path in _ALWAYS_FILLED:
        return (OrderBy(value, descending=descending), "id")
    ends = {"nulls_first": True} if descending else {"nulls_last": True}
    return (OrderBy(value, descending=descending, **ends), "id")


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
    if attribute.path == "externalId":
        return Subquery(association(resource, visibility).values("external_id")[:1])
    if attribute.many:
        return _first_entry(attribute, resource, visibility)
    if "__" in attribute.column:
        rows, here = neighbour(attribute, visibility)
        return Subquery(rows.values(here.key)[:1])
    if attribute.kind in (Kind.TEXT, Kind.EXACT_TEXT) and attribute.path not in _ALWAYS_FILLED:
        return NullIf(F(attribute.key or attribute.column), Value(""))
    return F(attribute.key or attribute.column)


def _first_entry(attribute: Attribute, resource: Resource, visibility: Visibility) -> Subquery:
    many = find(resource, None, attribute.many)
    if not isinstance(many, MultiValued) or many.collection is Collection.MEMBERS:
        raise RuleViolation("invalid_path", f"{resource} cannot be sorted by {attribute.path!r}.")
    rows: QuerySet[Any] = entries(many, visibility)
    order = ("-primary", "position", "id") if many.collection is Collection.VALUES else ("id",)
    return Subquery(rows.order_by(*order).values(attribute.key or attribute.column)[:1])
