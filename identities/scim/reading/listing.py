"""Queries: filter, sort and paging, from address or search request (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from scim2_models import InvalidCountException, InvalidCursorException, InvalidValueException

from identities.errors import RuleViolation
from identities.filters.attributes import Resource
from identities.filters.entries import Visibility
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.filters.sort import Sorting, sorting
from identities.filters.template import template
from identities.filters.tree import Filter
from identities.models import ApiClient
from identities.representation.rendering import compact_json
from identities.scim.callers.visibility import eyes, found_users, seen_groups
from identities.scim.limits import PAGE_DEFAULT, PAGE_LARGEST
from identities.scim.reading.cursors import query_name
from identities.scim.reading.org_units import read_org_units, seen_org_units
from identities.scim.reading.paging import Shape, find_page, groups_of
from identities.scim.reading.projection import Projection, projection
from identities.scim.reading.renderings import Form, page_texts, read_groups, read_users
from identities.scim.wire.renderers import Written
from identities.vocabulary import ClientScope

LIST_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_LARGEST_NUMBER: Final = 2**53
# Stands for a client where only names are looked at.
_SOMEBODY: Final = Visibility(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Query:
    """One query on one resource type, understood.

    Attributes:
        cursor: where the page begins (empty: at the start); None to page by `start_index`.
        holes: texts of the filter that stand for others, if it is a template.
        texts: those others.
    """

    resource: Resource
    filter: Filter | None
    sort_by: str | None
    descending: bool
    start_index: int
    count: int
    cursor: str | None
    wanted: Projection
    holes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def found(self, client: ApiClient) -> "QuerySet[Any]":
        """What the client sees of what the filter finds; not for templates."""
        seen: QuerySet[Any]
        match self.resource:
            case "User":
                seen = found_users(client, self.filter)
            case "Group":
                seen = seen_groups(client)
            case _:
                seen = seen_org_units()
        return seen.filter(to_q(self.filter, eyes(client))) if self.filter else seen

    def page(self, client: ApiClient, skip: int, count: int) -> tuple[list[str], int]:
        """So many of what is found, from a place in the order on, as JSON texts; and how many there are in all."""
        if self.resource == "User":
            shape = Shape(self.filter, self.sort_by, self.descending and self.sort_by is not None, self.holes)
            rows, total = find_page(shape, self.texts, client, skip, count)
            groups = groups_of(rows, client) if self.wanted.wants("groups") else {}
            return page_texts(rows, self.wanted, groups), total
        objects = self.found(client)
        total = objects.count()
        if not count or skip >= total:
            return [], total
        return self.read(objects.order_by(*self.sorting(client).order_by())[skip : skip + count], client), total

    def sorting(self, client: ApiClient) -> Sorting:
        """The order of what is found."""
        return sorting(self.sort_by, self.resource, descending=self.descending, visibility=eyes(client))

    def read(self, rows: "QuerySet[Any]", client: ApiClient) -> list[str]:
        """These rows of what is found, as JSON texts."""
        return _READ[self.resource](rows, eyes(client), self.wanted)

    def name(self, client: ApiClient) -> str:
        """What all pages of the query have in common."""
        text = self.filter.text if self.filter else ""
        return query_name(str(client.pk), self.resource, text, self.sort_by, self.descending)


_Read = Callable[[Any, Visibility, Projection], list[str]]
_READ: Final[dict[Resource, _Read]] = {"User": read_users, "Group": read_groups, "OrgUnit": read_org_units}


def readable(client: ApiClient) -> tuple[Resource, ...]:
    """The resource types that a query on all of them goes through, in this order."""
    return ("User", "Group", "OrgUnit") if ClientScope.READ_ORG_UNITS in client.scopes else ("User", "Group")


def read_queries(parameters: Mapping[str, Any], *resources: Resource) -> list[Query]:
    """Understand the parameters of a query on these resource types.

    Names are taken in any case; unknown ones are passed over. Where there are several types, an attribute that a type
    does not have counts as one without a value there (RFC 7644 section 3.4.2.1).

    Raises:
        RuleViolation: `invalid_filter`, or `invalid_path` for what no type can be sorted by. SCIMException: another
            parameter makes no sense.
    """
    given = {name.lower(): value for name, value in parameters.items()}
    text = _text(given.get("filter"), "filter")
    order = given.get("sortorder")
    order = "ascending" if order is None else str(order).lower()
    if order not in ("ascending", "descending"):
        raise InvalidValueException(detail="sortOrder is ascending or descending.")
    cursor = _cursor(given)
    count = _count(given.get("count"))
    start_index = max(1, _number(given.get("startindex"), "startIndex", 1))
    sort_by = _text(given.get("sortby"), "sortBy")
    keys = _sort_keys(sort_by, resources)
    known = template(text, "User") if text and resources == ("User",) and cursor is None else None
    return [
        Query(
            resource,
            known[0].filter if known else parse(text, resource, per_client=True, others=resources) if text else None,
            keys[resource],
            order == "descending",
            start_index,
            count,
            cursor,
            projection(given.get("attributes"), given.get("excludedattributes"), resource),
            *((known[0].holes, known[1]) if known else ()),
        )
        for resource in resources
    ]


def list_response(page: list[Form], total: int, start_index: int) -> Form:
    """A ListResponse message; its numbers are integers, and a miss is an empty list."""
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(page),
        "Resources": page,
    }


def index_page(queries: list[Query], client: ApiClient) -> Written:
    """The page that begins at `startIndex`: one type after the other, each sorted by itself."""
    page: list[str] = []
    total, skip, left = 0, queries[0].start_index - 1, queries[0].count
    for query in queries:
        found, here = query.page(client, skip, left)
        page += found
        total += here
        skip, left = max(0, skip - here), queries[0].count - len(page)
    return list_message(list_response([], total, queries[0].start_index), page)


def list_message(message: Form, resources: list[str]) -> Written:
    """A ListResponse message that is complete with these resources, put together without reading their JSON.

    Args:
        message: all of it but the resources and their number; `Resources` comes last in it.
    """
    head = compact_json(message | {"itemsPerPage": len(resources), "Resources": []})
    return Written(f"{head[:-2]}{','.join(resources)}]}}")


def _sort_keys(sort_by: str | None, resources: tuple[Resource, ...]) -> dict[Resource, str | None]:
    """By what each type is sorted. One that does not have the attribute keeps its own order; one of them must."""
    keys: dict[Resource, str | None] = dict.fromkeys(resources)
    refusal = None
    for resource in resources:
        try:
            sorting(sort_by, resource, visibility=_SOMEBODY)
            keys[resource] = sort_by
        except RuleViolation as error:
            refusal = error
    if refusal and not any(keys.values()):
        raise refusal
    return keys


def _cursor(given: Mapping[str, Any]) -> str | None:
    cursor = given.get("cursor")
    if cursor is None:
        return None
    if not isinstance(cursor, str):
        raise InvalidCursorException(detail="cursor is a text.")
    if given.get("startindex") not in (None, ""):
        raise InvalidValueException(detail="cursor and startIndex cannot be used together.")
    return cursor


def _count(value: Any) -> int:
    try:
        return min(PAGE_LARGEST, max(0, _number(value, "count", PAGE_DEFAULT)))
    except InvalidValueException as error:
        raise InvalidCountException(detail=error.detail) from None


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
    return max(-_LARGEST_NUMBER, min(_LARGEST_NUMBER, number))
