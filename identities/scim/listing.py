"""Queries: filter, sort and index paging, from address or search request (RFC 7644 sections 3.4.2 and 3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from scim2_models import InvalidValueException

from identities.errors import RuleViolation
from identities.filters.attributes import Resource
from identities.filters.entries import Visibility
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.filters.sort import ordering
from identities.filters.tree import Filter
from identities.models import ApiClient
from identities.scim.limits import PAGE_DEFAULT, PAGE_LARGEST
from identities.scim.projection import Projection, projection
from identities.scim.reading import Form, read_groups, read_users
from identities.scim.visibility import eyes, found_users, own_groups

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_LARGEST_INDEX = 2**53


@dataclass(frozen=True, slots=True)
class Query:
    """One query on one resource type, understood."""

    resource: Resource
    filter: Filter | None
    sort_by: str | None
    descending: bool
    start_index: int
    count: int
    wanted: Projection


def read_query(parameters: Mapping[str, Any], resource: Resource) -> Query:
    """Understand the parameters of a query. Names are taken in any case; unknown ones are passed over.

    Raises:
        RuleViolation: `invalid_filter`. SCIMException: another parameter makes no sense.
    """
    given = {name.lower(): value for name, value in parameters.items()}
    text = _text(given.get("filter"), "filter")
    order = given.get("sortorder")
    order = "ascending" if order is None else str(order).lower()
    if order not in ("ascending", "descending"):
        raise InvalidValueException(detail="sortOrder is ascending or descending.")
    return Query(
        resource,
        parse(text, resource, per_client=True) if text else None,
        _text(given.get("sortby"), "sortBy"),
        order == "descending",
        max(1, _number(given.get("startindex"), "startIndex", 1)),
        min(PAGE_LARGEST, max(0, _number(given.get("count"), "count", PAGE_DEFAULT))),
        projection(given.get("attributes"), given.get("excludedattributes"), resource),
    )


def answer(query: Query, client: ApiClient) -> Form:
    """The page the query asks for, of what the client sees."""
    objects = _found(query, client)
    sorting = ordering(query.sort_by, query.resource, descending=query.descending, visibility=eyes(client))
    total = objects.count()
    start = query.start_index - 1
    page: list[Form] = []
    if query.count and start < total:
        rows = objects.order_by(*sorting)[start : start + query.count]
        read: Any = read_users if query.resource == "User" else read_groups
        page = [query.wanted.apply(form) for form in read(rows, client, query.wanted)]
    return list_response(page, total, query.start_index)


def answer_all(parameters: Mapping[str, Any], client: ApiClient) -> Form:
    """The page of a query across resource types (RFC 7644 section 3.4.2.1): users, then groups, each sorted by itself.

    A type that does not know an attribute of the filter has no match; one that no type knows is refused.
    """
    seen = eyes(client)
    resources: tuple[Resource, ...] = ("User", "Group")
    queries = [query for each in resources if (query := _if_known(parameters, each, seen)) is not None]
    if not queries:
        query = read_query(parameters, "User")
        ordering(query.sort_by, "User", visibility=seen)
    page: list[Form] = []
    total, skip, left = 0, queries[0].start_index - 1, queries[0].count
    for query in queries:
        found = answer(replace(query, start_index=skip + 1, count=left), client)
        page += found["Resources"]
        total += found["totalResults"]
        skip, left = max(0, skip - found["totalResults"]), left - found["itemsPerPage"]
    return list_response(page, total, queries[0].start_index)


def _if_known(parameters: Mapping[str, Any], resource: Resource, seen: Visibility) -> Query | None:
    try:
        query = read_query(parameters, resource)
        ordering(query.sort_by, resource, visibility=seen)
    except RuleViolation as error:
        if error.facts.get("position") is not None:
            raise
        return None
    return query


def list_response(page: list[Form], total: int, start_index: int) -> Form:
    """A ListResponse message; its numbers are integers, and a miss is an empty list."""
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(page),
        "Resources": page,
    }


def _found(query: Query, client: ApiClient) -> "QuerySet[Any]":
    seen: QuerySet[Any] = found_users(client, query.filter) if query.resource == "User" else own_groups(client)
    return seen.filter(to_q(query.filter, eyes(client))) if query.filter else seen


def _text(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidValueException(detail=f"{name} is a text.")


def _number(value: Any, name: str, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        number = int(str(value)[:20])
    except ValueError:
        raise InvalidValueException(detail=f"{name} is a whole number.") from None
    return max(-_LARGEST_INDEX, min(_LARGEST_INDEX, number))
