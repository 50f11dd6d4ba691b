"""The in-memory connector: every method of the interface in its simplest honest form."""

from collections.abc import Callable, Iterator
from typing import ClassVar, TypeVar

from connectors.catalog.memory.configuration import MemoryConfiguration
from connectors.catalog.memory.filters import matches
from connectors.catalog.memory.schema import SCHEMA, check_required, check_values
from connectors.catalog.memory.script import Call
from connectors.catalog.memory.store import MemoryStore, Record
from connectors.spi import (
    WRITABLE,
    AlreadyExists,
    Attributes,
    Capabilities,
    Configuration,
    Connector,
    Delta,
    DisableStyle,
    Filter,
    Finding,
    FindingLevel,
    Gone,
    Misconfigured,
    ObjectClass,
    Page,
    Rejected,
    RemoteObject,
    Schema,
    Transport,
    Values,
)

T = TypeVar("T")


class MemoryConnector(Connector[MemoryConfiguration]):
    """One connection to a named :class:`MemoryStore` of this process."""

    kind: ClassVar[str] = "memory"
    title: ClassVar[str] = "In memory"
    configuration_class: ClassVar[type[Configuration]] = MemoryConfiguration

    def __init__(self, configuration: MemoryConfiguration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self.store = MemoryStore.named(configuration.store)

    def open(self) -> None:
        """Nothing to connect to; a script may let it fail all the same."""
        self._play(Call("open"), lambda: None)

    def capabilities(self) -> Capabilities:
        """Everything but a change stream, disabling as configured."""
        return Capabilities(
            objects=dict.fromkeys((ObjectClass.USER, ObjectClass.GROUP), WRITABLE),
            disable=self.configuration.disable,
            members_per_update=self.configuration.members_per_update,
            nested_groups=self.configuration.nested_groups,
        )

    def test(self) -> Iterator[Finding]:
        """One finding: the store is there."""
        count = sum(len(self.store.records(each)) for each in ObjectClass)
        yield Finding("store", FindingLevel.OK, f"The store {self.configuration.store!r} holds {count} objects.")

    def schema(self) -> Schema:
        """The fixed schema."""
        return SCHEMA

    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Matching objects in the order they were created; the cursor is the serial of the last one given."""

        def page() -> Page:
            schema = SCHEMA.objects[object_class]
            later = [each for each in self.store.records(object_class).values() if each.serial > _serial(cursor)]
            objects = [(record.serial, self._object(object_class, record)) for record in later]
            found = [(serial, item) for serial, item in objects if filter is None or matches(filter, item, schema)]
            more = len(found) > limit
            items = tuple(item for _, item in found[:limit])
            return Page(items, str(found[limit - 1][0]) if more else None)

        return self._play(Call("search", object_class, arguments=filter), page)

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The object as stored (raises Gone)."""

        def read() -> RemoteObject:
            return self._object(object_class, self._record(object_class, remote_id), members=members)

        return self._play(Call("get", object_class, remote_id, members), read)

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Store a new object (raises AlreadyExists, Rejected)."""

        def insert() -> RemoteObject:
            self._check(object_class, attributes)
            state = self._enabled(object_class, enabled, default=True)
            present = {name: values for name, values in attributes.items() if values}
            return self._object(object_class, self.store.insert(object_class, present, state))

        return self._play(Call("create", object_class, arguments=dict(attributes)), insert)

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Apply the delta as a whole or not at all (raises Gone, AlreadyExists, Rejected)."""

        def change() -> RemoteObject:
            record = self._record(object_class, remote_id)
            self._check_member_count(object_class, delta)
            attributes = _applied(record.attributes, delta)
            self._check(object_class, attributes, own_id=remote_id)
            state = self._enabled(object_class, delta.enabled, default=record.enabled)
            return self._object(object_class, self.store.change(object_class, record, attributes, state))

        return self._play(Call("update", object_class, remote_id, delta), change)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Drop the object (raises Gone)."""

        def remove() -> None:
            self._record(object_class, remote_id)
            self.store.remove(object_class, remote_id)

        self._play(Call("delete", object_class, remote_id), remove)

    def _play(self, call: Call, action: Callable[[], T]) -> T:
        self.transport.remaining()
        with self.store.lock:
            self.store.journal.append(call)

        def locked() -> T:
            with self.store.lock:
                return action()

        return self.store.script.play(call, locked)

    def _record(self, object_class: ObjectClass, remote_id: str) -> Record:
        record = self.store.find(object_class, remote_id)
        if record is None:
            raise Gone(f"There is no {object_class} with the id {remote_id}.")
        return record

    def _check(self, object_class: ObjectClass, attributes: Attributes, own_id: str | None = None) -> None:
        schema = SCHEMA.objects[object_class]
        check_values(schema, attributes)
        check_required(schema, attributes)
        name = str(attributes[schema.name_attribute][0]).lower()
        for record in self.store.records(object_class).values():
            if record.remote_id != own_id and str(record.attributes[schema.name_attribute][0]).lower() == name:
                raise AlreadyExists(f"The name {name!r} is taken.", remote_id=record.remote_id)

    def _check_member_count(self, object_class: ObjectClass, delta: Delta) -> None:
        attribute = SCHEMA.objects[object_class].member_attribute or ""
        count = len(delta.add.get(attribute, ())) + len(delta.remove.get(attribute, ()))
        if count > self.configuration.members_per_update:
            raise Rejected(f"{count} members in one update are too many.")

    def _enabled(self, object_class: ObjectClass, wanted: bool | None, *, default: bool | None) -> bool | None:
        if object_class is ObjectClass.USER and self.configuration.disable is DisableStyle.NATIVE:
            return default if wanted is None else wanted
        if wanted is False:
            raise Rejected("This system knows no disabled accounts.")
        return None

    def _object(self, object_class: ObjectClass, record: Record, *, members: bool = False) -> RemoteObject:
        schema = SCHEMA.objects[object_class]
        name = str(record.attributes[schema.name_attribute][0])
        hidden = None if members else schema.member_attribute
        return RemoteObject(
            object_class=object_class,
            remote_id=record.remote_id,
            reference=record.remote_id if self.configuration.reference == "id" else f"{object_class}:{name}",
            name=name,
            attributes={key: values for key, values in record.attributes.items() if key != hidden},
            enabled=record.enabled,
            version=str(record.version),
        )


def _serial(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit():
        raise Misconfigured("This is not a cursor of this connector.")
    return int(cursor)


def _applied(attributes: Attributes, delta: Delta) -> dict[str, Values]:
    """The attributes after the delta: replace, then add, then remove."""
    result = {**attributes, **delta.replace}
    for name, values in delta.add.items():
        present = result.get(name, ())
        result[name] = (*present, *dict.fromkeys(value for value in values if value not in present))
    for name, values in delta.remove.items():
        result[name] = tuple(value for value in result.get(name, ()) if value not in values)
    return {name: values for name, values in result.items() if values}
