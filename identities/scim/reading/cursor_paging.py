"""Pages that begin at a cursor (RFC 9865).

A cursor names a place in the order, not a number of objects: whatever is added, changed or deleted meanwhile, what
keeps its place is neither passed over nor returned twice.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from identities.filters.sort import Sorting
from identities.models import ApiClient
from identities.scim.reading.cursors import Place, query_name, seal, unseal
from identities.scim.reading.listing import LIST_SCHEMA, Query, list_message
from identities.scim.reading.renderings import Form
from identities.scim.wire.renderers import Written


@dataclass(frozen=True, slots=True)
class _Source:
    """What one resource type has for a query."""

    query: Query
    objects: "QuerySet[Any]"
    sorting: Sorting

    def places(self, start: Place | None, limit: int, *, backward: bool) -> list[Place]:
        """Where up to so many objects stand, from a place on; None is the beginning, or going backward the end."""
        objects = self.objects
        if start is not None:
            value = start.value_of(self.sorting.kind)
            objects = self.sorting.beyond(objects, value, start.pk, backward=backward, inclusive=start.inclusive)
        order = self.sorting.order_by(backward=backward)
        rows = objects.order_by(*order).values_list("pk", self.sorting.value)[:limit]
        return [Place.at(self.query.resource, value, pk, backward=backward) for pk, value in rows]

    def read(self, ids: list[UUID], client: ApiClient) -> list[str]:
        """The objects with these ids, in the order of the query, as JSON texts."""
        rows = self.objects.filter(pk__in=ids).order_by(*self.sorting.order_by())
        return self.query.read(rows, client) if ids else []


def cursor_page(queries: list[Query], client: ApiClient) -> Written:
    """The page that a cursor asks for: one type after the other, each sorted by itself.

    Raises:
        InvalidCursorException, ExpiredCursorException, InvalidCountException.
    """
    name = query_name(*(query.name(client) for query in queries))
    count, cursor = queries[0].count, queries[0].cursor
    start = unseal(cursor, query=name, count=count) if cursor else None
    sources = [_Source(query, query.found(client), query.sorting(client)) for query in queries]
    message: Form = {"schemas": [LIST_SCHEMA], "totalResults": sum(source.objects.count() for source in sources)}
    page, before, after = _page(sources, start, count)
    for key, place in (("previousCursor", before), ("nextCursor", after)):
        if place is not None:
            message[key] = seal(place, query=name, count=count)
    resources = [
        text
        for source in sources
        for text in source.read([place.pk for place in page if place.resource == source.query.resource], client)
    ]
    return list_message(message, resources)


def _page(sources: list[_Source], start: Place | None, count: int) -> tuple[list[Place], Place | None, Place | None]:
    """Where the objects of the page stand, and from where the pages before and after it go on, if there are any."""
    if not count:
        return [], None, None
    backward = start is not None and start.backward
    page = _places(sources, start, count + 1, backward=backward)
    more, page = len(page) > count, page[:count]
    if not page:
        # Everything before the place is gone; the pages after it are still there.
        return [], None, replace(start, backward=False, inclusive=True) if start and backward else None
    if backward:
        page.reverse()
    before, after = replace(page[0], backward=True), replace(page[-1], backward=False)
    if backward:
        return page, before if more else None, _if_any(sources, after)
    return page, _if_any(sources, before) if start else None, after if more else None


def _places(sources: list[_Source], start: Place | None, limit: int, *, backward: bool) -> list[Place]:
    """Where up to so many objects stand, from a place on through all types that come after it."""
    walk = sources[::-1] if backward else sources
    found: list[Place] = []
    for source in walk:
        if start is not None and not found and source.query.resource != start.resource:
            continue
        here, start = start, None
        if len(found) < limit:
            found += source.places(here, limit - len(found), backward=backward)
    return found


def _if_any(sources: list[_Source], place: Place) -> Place | None:
    return place if _places(sources, place, 1, backward=place.backward) else None
