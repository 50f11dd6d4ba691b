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
from identities.filters.template import template
from identities.filters.tree import Filter
from identities.models import ApiClient
from identities.representation.rendering import compact_json
from identities.scim.limits import PAGE_DEFAULT, PAGE_LARGEST
from identities.scim.paging import Shape, find_page
from identities.scim.projection import Projection, projection
from identities.scim.reading import Form, Rendering, read_groups, render_users
from identities.scim.renderers import Written
from identities.scim.visibility import eyes, own_groups

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_LARGEST_INDEX = 2**53


@dataclass(frozen=True, slots=True)
class Query:
    """One query on one resource type, understood."""

    resource: Resource
    filter: Filter | None
    # What the filter's holes stand for, if it is a template.
    texts: tuple[str, ...]
    holes: tuple[str, ...]
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
    order = (_text(given.get("sortorder"), "sortOrder") or "ascending").lower()
    if order not in ("ascending", "descending"):
        raise InvalidValueException(detail="sortOrder is ascending or descending.")
    known = template(text, resource) if text and resource == "User" else None
    return Query(
        resource,
        known[0].filter if known else parse(text, resource, per_client=True) if text else None,
        known[1] if known else (),
        known[0].holes if known else (),
        _text(given.get("sortby"), "sortBy"),
        order == "descending",
        max(1, _number(given.get("startindex"), "startIndex", 1)),
        min(PAGE_LARGEST, max(0, _number(given.get("count"), "count", PAGE_DEFAULT))),
        projection(given.get("attributes"), given.get("excludedattributes"), resource),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found: the resources as JSON texts, and how many there are in all."""

    texts: list[str]
    total: int
    start_index: int

    def written(self) -> Written:
        """The ListResponse message, put together without reading the texts."""
        head = compact_json(list_response([], self.total, self.start_index) | {"itemsPerPage": len(self.texts)})
        return Written(f"{head[:-2]}{','.join(self.texts)}]}}")


def answer(query: Query, client: ApiClient) -> Page:
    """The page the query asks for, of what the client sees."""
    start = query.start_index - 1
    if query.resource == "User":
        shape = Shape(query.filter, query.sort_by, query.descending and query.sort_by is not None, query.holes)
        rows, total = find_page(shape, query.texts, client, start, query.count)
        return Page([each.text for each in render_users(rows, query.wanted)], total, query.start_index)
    objects = _found_groups(query, client)
    sorting = ordering(query.sort_by, query.resource, descending=query.descending, visibility=eyes(client))
    total = objects.count()
    page: list[Rendering] = []
    if query.count and start < total:
        page = read_groups(objects.order_by(*sorting)[start : start + query.count], client, query.wanted)
    return Page([each.text for each in page], total, query.start_index)


def answer_all(parameters: Mapping[str, Any], client: ApiClient) -> Page:
    """The page of a query across resource types (RFC 7644 section 3.4.2.1): users, then groups, each sorted by itself.

    A type that does not know an attribute of the filter has no match; one that no type knows is refused.
    """
    queries = [query for query in (_if_known(parameters, "User"), _if_known(parameters, "Group")) if query is not None]
    if not queries:
        read_query(parameters, "User")
    page: list[str] = []
    total, skip, left = 0, queries[0].start_index - 1, queries[0].count
    for query in queries:
        found = answer(replace(query, start_index=skip + 1, count=left), client)
        page += found.texts
        total += found.total
        skip, left = max(0, skip - found.total), left - len(found.texts)
    return Page(page, total, queries[0].start_index)


def _if_known(parameters: Mapping[str, Any], resource: Resource) -> Query | None:
    try:
        query = read_query(parameters, resource)
        ordering(query.sort_by, resource, visibility=Visibility())
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


def _found_groups(query: Query, client: ApiClient) -> "QuerySet[Any]":
    seen = own_groups(client)
    return seen.filter(to_q(query.filter, eyes(client))) if query.filter else seen


def _text(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidValueException(detail=f"{name} is a text.")


def _number(value: Any, name: str, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        number = int(str(value)[:20])
    except ValueError:
        raise InvalidValueException(detail=f"{name} is a whole number.") from None
    return max(-_LARGEST_INDEX, min(_LARGEST_INDEX, number))
