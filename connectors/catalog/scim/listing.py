"""Lists of objects, page by page: by index, or by cursor (RFC 9865) where the peer gives one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.catalog.scim.client import ScimClient
from connectors.catalog.scim.documents import Document, elements_of, id_of, value_of
from connectors.spi import Gone, Misconfigured


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins.

    Attributes:
        start: index of its first object, from 1.
        cursor: the peer's own mark, which replaces the index.
        skip: objects of the page that were given already.
        before: id of the first object of the page before: a page that begins with it again would never end.
    """

    start: int = 1
    cursor: str | None = None
    skip: int = 0
    before: str | None = None

    def at(self, index: int) -> "Position":
        """The position of the object at `index` of this page."""
        return replace(self, skip=index)

    def text(self) -> str:
        """The position as a cursor of the SPI."""
        return json.dumps([self.start, self.cursor, self.skip, self.before])

    @classmethod
    def of(cls, text: str | None) -> "Position":
        """Read a cursor of the SPI; None is the beginning (raises Misconfigured)."""
        if text is None:
            return cls()
        try:
            start, cursor, skip, before = json.loads(text)
            return cls(int(start), cursor, int(skip), before)
        except (ValueError, TypeError) as error:
            raise Misconfigured("This is not a cursor of this connector.") from error


@dataclass(frozen=True, slots=True)
class Listed:
    """One page as the peer gave it; `following` is None at the end."""

    documents: tuple[Document, ...]
    following: Position | None


def listed(client: ScimClient, path: str, position: Position, *, count: int, query: Mapping[str, str]) -> Listed:
    """Ask for the page at `position`; `query` may name a filter and the attributes to leave out.

    Raises:
        Misconfigured: there is no list at this path, or the peer gives the same page again and again.
    """
    asked = {**query, "count": str(count)}
    if position.cursor is not None:
        asked["cursor"] = position.cursor
    elif position.start > 1:
        asked["startIndex"] = str(position.start)
    try:
        document = client.document(path, asked)
    except Gone as error:
        if "filter" in query and error.facts.get("confirmed"):
            return Listed((), None)  # some peers say "not found" where the list is empty
        message = "The system has no list at this address; look at base URL and paths."
        raise Misconfigured(message, facts=error.facts) from error
    return _page(document, position, count)


def _page(document: Document, position: Position, count: int) -> Listed:
    resources = elements_of(value_of(document, "Resources"))
    if not resources and value_of(document, "totalResults") is None:
        message = "The system's list is not a SCIM list; look at base URL and paths."
        raise Misconfigured(message, facts={"status": 200})
    first = id_of(resources[0]) if resources else None
    if first is not None and first == position.before:
        raise Misconfigured("The system gives the same page again and again: its paging does not work.")
    documents = tuple(each for each in resources if id_of(each) is not None)
    return Listed(documents, _following(document, position, len(resources), count, first))


def _following(document: Document, position: Position, size: int, count: int, first: str | None) -> Position | None:
    cursor = value_of(document, "nextCursor")
    if isinstance(cursor, str) and cursor:
        if cursor == position.cursor:
            raise Misconfigured("The system gives the same cursor again and again: its paging does not work.")
        return Position(cursor=cursor)
    if position.cursor is not None or not size:
        return None
    try:
        total = int(value_of(document, "totalResults"))
    except (TypeError, ValueError):
        total = position.start + size if size >= count else 0  # it does not say: go on while pages are full
    following = position.start + size
    return Position(start=following, before=first) if following <= total else None
