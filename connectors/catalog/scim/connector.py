"""The SCIM 2.0 client as a connector: RFC 7643 and RFC 7644, with a switch for each way real peers differ."""

from collections.abc import Iterator
from typing import ClassVar

from connectors.catalog.scim import discovery
from connectors.catalog.scim.configuration import FilterSupport, ScimConfiguration
from connectors.catalog.scim.findings import OnlineTest, unreachable
from connectors.catalog.scim.patches import DeltaWriter, Operation
from connectors.catalog.scim.peer import Peer
from connectors.catalog.scim.reading import Reader
from connectors.catalog.scim.shapes import NAME_ATTRIBUTES
from connectors.catalog.scim.writing import Writer
from connectors.spi import (
    WRITABLE,
    Attributes,
    Capabilities,
    Configuration,
    Connector,
    ConnectorError,
    Delta,
    Discovery,
    Filter,
    Finding,
    ObjectClass,
    Page,
    RemoteObject,
    Schema,
)


class ScimConnector(Connector[ScimConfiguration]):
    """One connection to a SCIM peer. A remote id, and a reference, is the peer's `id`; our mark is `externalId`."""

    kind: ClassVar[str] = "scim"
    title: ClassVar[str] = "SCIM 2.0"
    configuration_class: ClassVar[type[Configuration]] = ScimConfiguration
    _peer: Peer | None = None

    def open(self) -> None:
        """Prepare the connection (raises Misconfigured). HTTP knows no session: the first request signs in."""
        self._connected()

    def close(self) -> None:
        """Drop the connections."""
        if self._peer is not None:
            self._peer.client.close()
            self._peer = None

    def capabilities(self) -> Capabilities:
        """Everything but a change stream, for groups only where the peer has them."""
        configuration = self.configuration
        return Capabilities(
            objects=dict.fromkeys(configuration.classes, WRITABLE),
            disable=configuration.disable_style,
            members_per_update=configuration.members_per_request,
            nested_groups=configuration.nested_groups,
            exact_search=configuration.filter_supported is not FilterSupport.NO,
        )

    def test(self) -> Iterator[Finding]:
        """Findings address, authentication, users, announcement, schemas, filter, groups, writing."""
        try:
            peer = self._connected()
        except ConnectorError as error:
            yield unreachable(error)
            return
        shown = Operation("replace", NAME_ATTRIBUTES[ObjectClass.USER], "nobody")
        harmless = DeltaWriter(self.configuration, peer.shapes[ObjectClass.USER]).body([shown])
        yield from OnlineTest(peer.client, self.configuration, harmless).findings()

    def schema(self) -> Schema:
        """The peer's schemas, or the standard's where it does not tell them."""
        return self._connected().schema()

    def discover(self) -> Discovery:
        """Paths, dialect and mappings, from what the peer tells about itself."""
        return discovery.discover(self._connected().client, marker=not self.configuration.omit_external_id)

    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Matching objects in the peer's own order, each checked against the filter here."""
        return Reader(self._connected()).search(object_class, filter, cursor=cursor, limit=limit)

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The object with this id (raises Gone)."""
        return Reader(self._connected()).get(object_class, remote_id, members=members)

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Create the object (raises AlreadyExists, Ambiguous, Rejected)."""
        return Writer(self._connected()).create(object_class, attributes, enabled=enabled)

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Apply the delta (raises Gone, Rejected, AlreadyExists)."""
        return Writer(self._connected()).update(object_class, remote_id, delta)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove the object (raises Gone)."""
        Writer(self._connected()).delete(object_class, remote_id)

    def _connected(self) -> Peer:
        if self._peer is None:
            self._peer = Peer(self.configuration, self.transport)
        return self._peer
