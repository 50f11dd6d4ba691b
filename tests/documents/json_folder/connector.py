"""The connector: the interface on top of the folder."""

import os
from collections.abc import Iterator
from typing import ClassVar
from uuid import uuid4

from connectors.spi import (
    WRITABLE,
    AlreadyExists,
    Attributes,
    Capabilities,
    Configuration,
    Connector,
    ConnectorError,
    Delta,
    DisableStyle,
    Filter,
    Finding,
    FindingLevel,
    Gone,
    ObjectClass,
    Page,
    Rejected,
    RemoteObject,
    Schema,
    Transport,
    Values,
)
from tests.documents.json_folder.configuration import JsonFolderConfiguration
from tests.documents.json_folder.filters import folded, matches
from tests.documents.json_folder.folder import Document, Folder
from tests.documents.json_folder.schema import SCHEMA, check, check_complete

MEMBERS_PER_UPDATE = 1000


class JsonFolderConnector(Connector[JsonFolderConfiguration]):
    """Keeps one JSON file per account and per group."""

    kind: ClassVar[str] = "json_folder"
    title: ClassVar[str] = "Folder of JSON files"
    configuration_class: ClassVar[type[Configuration]] = JsonFolderConfiguration

    def __init__(self, configuration: JsonFolderConfiguration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._folder = Folder(configuration.folder, transport)

    def open(self) -> None:
        """See that the folder is there (raises Misconfigured)."""
        self._folder.root()

    def capabilities(self) -> Capabilities:
        """Everything but a change stream; accounts can be disabled."""
        return Capabilities(
            objects=dict.fromkeys((ObjectClass.USER, ObjectClass.GROUP), WRITABLE),
            disable=DisableStyle.NATIVE,
            members_per_update=MEMBERS_PER_UPDATE,
        )

    def test(self) -> Iterator[Finding]:
        """The folder is there, and may be written to."""
        try:
            root = self._folder.root()
        except ConnectorError as error:
            yield Finding("folder", FindingLevel.ERROR, error.message, "Make the folder, or mend its name.")
            return
        yield Finding("folder", FindingLevel.OK, "The folder is there.")
        if os.access(root, os.W_OK | os.X_OK):
            yield Finding("writing", FindingLevel.OK, "The portal may write to it.")
        else:
            advice = "Let the user the portal runs as write to the folder."
            yield Finding("writing", FindingLevel.ERROR, "The portal may not write to it.", advice)

    def schema(self) -> Schema:
        """The same for every folder."""
        return SCHEMA

    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Reads file after file in the order of ids; the cursor is the last id given."""
        found: list[RemoteObject] = []
        for remote_id in self._folder.ids(object_class):
            if cursor is not None and remote_id <= cursor:
                continue
            item = self._read(object_class, remote_id)
            if item is None or not (filter is None or matches(filter, item, SCHEMA.objects[object_class])):
                continue
            if len(found) == limit:
                return Page(tuple(found), found[-1].remote_id)
            found.append(item)
        return Page(tuple(found))

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """See `Connector.get`."""
        return _object(object_class, remote_id, self._folder.read(object_class, remote_id), members=members)

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """See `Connector.create`. The answer cannot be lost here, so nothing is ever Ambiguous."""
        check(SCHEMA.objects[object_class], attributes)
        state = _state(object_class, enabled, default=True)
        document = _changed({}, object_class, Delta(replace=attributes, enabled=state))
        with self._folder.locked():
            self._check_name(object_class, document)
            remote_id = uuid4().hex
            self._folder.write(object_class, remote_id, document)
        return _object(object_class, remote_id, document)

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """See `Connector.update`. What others keep in the file stays."""
        for part in (delta.replace, delta.add, delta.remove):
            check(SCHEMA.objects[object_class], part)
        _state(object_class, delta.enabled)
        with self._folder.locked():
            document = self._folder.read(object_class, remote_id)
            changed = _changed(document, object_class, delta)
            if changed != document:
                self._check_name(object_class, changed, own_id=remote_id)
                self._folder.write(object_class, remote_id, changed)
        return _object(object_class, remote_id, changed)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """See `Connector.delete`."""
        with self._folder.locked():
            self._folder.remove(object_class, remote_id)

    def _read(self, object_class: ObjectClass, remote_id: str) -> RemoteObject | None:
        try:
            return self.get(object_class, remote_id)
        except Gone:  # deleted since the folder was listed
            return None

    def _check_name(self, object_class: ObjectClass, document: Document, own_id: str = "") -> None:
        """Refuse an object without its required attributes, and a name that another one has."""
        schema = SCHEMA.objects[object_class]
        item = _object(object_class, own_id, document)
        check_complete(schema, item.attributes)
        name = folded(item.name, schema.name_attribute, schema)
        for remote_id in self._folder.ids(object_class):
            other = None if remote_id == own_id else self._read(object_class, remote_id)
            if other is not None and folded(other.name, schema.name_attribute, schema) == name:
                raise AlreadyExists(f"The name {item.name!r} is taken.", remote_id=remote_id)


def _state(object_class: ObjectClass, wanted: bool | None, *, default: bool | None = None) -> bool | None:
    if object_class is ObjectClass.USER:
        return default if wanted is None else wanted
    if wanted is False:
        raise Rejected("Groups cannot be disabled.")
    return None


def _changed(document: Document, object_class: ObjectClass, delta: Delta) -> Document:
    """The document after the delta: replace, then add, then remove. No value means no key."""
    result = dict(document)
    for name in {*delta.replace, *delta.add, *delta.remove}:
        old = delta.replace.get(name, _values(document.get(name)))
        new = dict.fromkeys((*old, *delta.add.get(name, ())))
        kept = [value for value in new if value not in delta.remove.get(name, ())]
        several = SCHEMA.objects[object_class].attributes[name].multi_valued
        result[name] = kept if several else next(iter(kept), None)
        if not kept:
            del result[name]
    if delta.enabled is not None:
        result["enabled"] = delta.enabled
    return result


def _values(stored: object) -> Values:
    if stored is None:
        return ()
    return tuple(stored) if isinstance(stored, list) else (str(stored),)


def _object(object_class: ObjectClass, remote_id: str, document: Document, *, members: bool = False) -> RemoteObject:
    schema = SCHEMA.objects[object_class]
    hidden = None if members else schema.member_attribute
    attributes = {name: _values(document.get(name)) for name in schema.attributes if name != hidden}
    return RemoteObject(
        object_class=object_class,
        remote_id=remote_id,
        reference=remote_id,
        name=str(document.get(schema.name_attribute, "")),
        attributes={name: values for name, values in attributes.items() if values},
        enabled=document.get("enabled", True) if object_class is ObjectClass.USER else None,
    )
