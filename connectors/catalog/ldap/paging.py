"""Searches in pages, across one or more containers.

An answer that fits into one page is asked for without the paging control. That leaves a listing that is under way on
the same connection undisturbed: OpenLDAP keeps the state of one paged search per connection and forgets it with the
next one.

A cursor is tied to the connection it was made on. It is text for the engine to hand back; when the connection was lost
or another listing was begun meanwhile, it is refused as Transient and the listing has to start anew.
"""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

import ldap

from connectors.catalog.ldap.session import Entry, Query, Session
from connectors.spi import Misconfigured, Transient


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing stands: the query it is in, and the server's cookie with the listing that it belongs to."""

    query: int = 0
    listing: str = ""
    cookie: bytes = b""

    def text(self) -> str:
        return f"{self.query}.{self.listing}.{b64encode(self.cookie).decode()}"


def _place(cursor: str) -> _Place:
    try:
        query, listing, cookie = cursor.split(".")
        return _Place(int(query), listing, b64decode(cookie, validate=True))
    except (ValueError, binascii.Error) as error:
        raise Misconfigured("This is not a cursor of this connector.") from error


class Pager:
    """The paged searches of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listings = 0

    def page(self, queries: list[Query], limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
        """Up to `limit` entries of the queries one after the other, and the cursor of the rest (raises Transient)."""
        place = _place(cursor) if cursor else _Place()
        if place.cookie and place.listing != self._listing():
            raise Transient("The listing was interrupted and has to start anew.")
        found: list[Entry] = []
        while place.query < len(queries):
            room = limit - len(found)
            if room == 0:
                return found, place.text()
            entries, cookie = self._some(queries[place.query], room, place.cookie)
            found += entries
            if cookie:
                return found, _Place(place.query, self._listing(), cookie).text()
            place = _Place(place.query + 1)
        return found, None

    def _some(self, query: Query, room: int, cookie: bytes) -> tuple[list[Entry], bytes]:
        if not cookie:
            try:
                return self._session.search(query, size_limit=room), b""
            except ldap.SIZELIMIT_EXCEEDED:
                self._listings += 1
        return self._session.search_page(query, room, cookie)

    def _listing(self) -> str:
        return f"{self._session.generation}-{self._listings}"
