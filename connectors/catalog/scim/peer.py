"""One peer during one connection: its client, and what it told about its schemas, read at most once."""

from collections.abc import Mapping
from functools import cached_property, partial

from connectors.catalog.scim.announcement import schemas
from connectors.catalog.scim.client import ScimClient
from connectors.catalog.scim.configuration import ScimConfiguration
from connectors.catalog.scim.documents import Document, flattened, id_of, truth, value_of
from connectors.catalog.scim.shapes import (
    ACTIVE,
    MARKER,
    MEMBERS,
    NAME_ATTRIBUTES,
    STANDARD,
    PeerSchema,
    Shapes,
    object_schema,
)
from connectors.spi import DisableStyle, ObjectClass, RemoteObject, Schema, Transport


class Peer:
    """What reading and writing share.

    Raises:
        Misconfigured: (when made) the configuration cannot be used for a connection.
    """

    def __init__(self, configuration: ScimConfiguration, transport: Transport) -> None:
        self.configuration = configuration
        self.client = ScimClient(configuration, transport)
        self.shapes = {each: Shapes(each, partial(self._told, each)) for each in STANDARD}

    @cached_property
    def schemas(self) -> Mapping[ObjectClass, tuple[PeerSchema, ...]] | None:
        """The peer's schemas; None when it does not tell them."""
        return schemas(self.client)

    def schema(self) -> Schema:
        """The peer's schemas as the portal sees them; the standard's where it does not tell them."""
        known = self.schemas or STANDARD
        marker = not self.configuration.omit_external_id
        return Schema(
            {
                each: object_schema(each, known.get(each) or STANDARD[each], marker=marker)
                for each in self.configuration.classes
            }
        )

    def remote_object(self, object_class: ObjectClass, document: Document, *, members: bool = False) -> RemoteObject:
        """A resource of the peer as the engine sees it."""
        attributes = flattened(document, self.shapes[object_class])
        if not members:
            attributes.pop(MEMBERS, None)
        if self.configuration.omit_external_id:
            attributes.pop(MARKER, None)
        remote_id, version = id_of(document) or "", value_of(value_of(document, "meta"), "version")
        return RemoteObject(
            object_class=object_class,
            remote_id=remote_id,
            reference=remote_id,
            name=str(value_of(document, NAME_ATTRIBUTES[object_class]) or remote_id),
            attributes=attributes,
            enabled=self._enabled(object_class, document),
            version=version if isinstance(version, str) else None,
        )

    def _enabled(self, object_class: ObjectClass, document: Document) -> bool | None:
        if object_class is not ObjectClass.USER or self.configuration.disable_style is not DisableStyle.NATIVE:
            return None
        return truth(value_of(document, ACTIVE)) is not False  # a peer that leaves it out has no objection

    def _told(self, object_class: ObjectClass) -> tuple[PeerSchema, ...] | None:
        return None if self.schemas is None else self.schemas.get(object_class)
