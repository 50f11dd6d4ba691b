"""Searching a peer, whether it filters, ignores filters, or refuses them."""

from dataclasses import dataclass

from connectors.catalog.scim.configuration import FilterSupport
from connectors.catalog.scim.filters import matches, mentions, only_id, scim_filter
from connectors.catalog.scim.listing import Listed, Position, listed
from connectors.catalog.scim.peer import Peer
from connectors.catalog.scim.shapes import MEMBERS
from connectors.spi import Filter, Gone, Misconfigured, ObjectClass, Page, Rejected, RemoteObject

REFUSED_FILTER_STATUS = (400, 501)


@dataclass(frozen=True)
class Reader:
    """Reads objects of one peer."""

    peer: Peer

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The object with this id (raises Gone)."""
        document = self.peer.client.read(object_class, remote_id, members=members)
        return self.peer.remote_object(object_class, document, members=members)

    def search(
        self, object_class: ObjectClass, condition: Filter | None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Objects that match, each one checked here: what a peer answers to a filter is not believed unseen.

        A peer that ignores or refuses the filter is read to the end of its list; that takes as long as its list is.
        """
        wanted = only_id(condition)
        if wanted is not None:
            return self._one(object_class, wanted)
        return _Search(self.peer, object_class, condition, limit).page(Position.of(cursor))

    def _one(self, object_class: ObjectClass, remote_id: str) -> Page:
        try:
            return Page((self.get(object_class, remote_id),))
        except (Gone, Rejected):
            return Page(())


class _Search:
    """One search."""

    def __init__(self, peer: Peer, object_class: ObjectClass, condition: Filter | None, limit: int) -> None:
        self._peer = peer
        self._object_class = object_class
        self._condition = condition
        self._limit = limit
        self._members = mentions(condition, MEMBERS)
        size = peer.configuration.page_size
        self._count = min(size, limit) if condition is None else size
        self._query = self._first_query()

    def page(self, position: Position | None) -> Page:
        found: list[RemoteObject] = []
        while position is not None:
            page = self._listed(position)
            for index, document in enumerate(page.documents):
                if index >= position.skip and self._keep(document, found):
                    return Page(tuple(found), position.at(index).text())
            position = page.following
            if self._condition is None or len(found) == self._limit:
                break
        return Page(tuple(found), position.text() if position else None)

    def _keep(self, document: dict[str, object], found: list[RemoteObject]) -> bool:
        """Take a document that matches; true when there is no room for it."""
        shapes = self._peer.shapes[self._object_class]
        item = self._peer.remote_object(self._object_class, document, members=self._members)
        if self._condition is not None and not matches(self._condition, item, shapes):
            return False
        if len(found) == self._limit:
            return True
        found.append(self._peer.remote_object(self._object_class, document))
        return False

    def _listed(self, position: Position) -> Listed:
        client, path = self._peer.client, self._peer.configuration.path(self._object_class)
        try:
            return listed(client, path, position, count=self._count, query=self._query)
        except (Rejected, Misconfigured) as error:
            automatic = self._peer.configuration.filter_supported is FilterSupport.AUTO
            if not automatic or "filter" not in self._query or error.facts.get("status") not in REFUSED_FILTER_STATUS:
                raise
        del self._query["filter"]
        return listed(client, path, position, count=self._count, query=self._query)

    def _first_query(self) -> dict[str, str]:
        query = {}
        if self._object_class is ObjectClass.GROUP and not self._members:
            query["excludedAttributes"] = MEMBERS
        if self._condition is not None:
            text = str(scim_filter(self._condition, self._peer.shapes[self._object_class]))
            if self._peer.configuration.filter_supported is not FilterSupport.NO:
                query["filter"] = text
        return query
