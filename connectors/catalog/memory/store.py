"""The objects of an in-memory system, shared by every connector of this process that names the same store."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock, RLock
from typing import ClassVar
from uuid import uuid4

from connectors.catalog.memory.script import Call, Script
from connectors.spi import Attributes, ObjectClass


@dataclass(frozen=True, slots=True)
class Record:
    """One stored object, members included. `serial` gives the stable order of searches."""

    serial: int
    remote_id: str
    attributes: Attributes
    enabled: bool | None
    version: int = 1


@dataclass
class MemoryStore:
    """One in-memory system.

    Attributes:
        script: faults and observers for the coming calls.
        journal: every call made by a connector, in order.
    """

    _stores: ClassVar[dict[str, "MemoryStore"]] = {}
    _stores_lock: ClassVar[Lock] = Lock()

    script: Script = field(default_factory=Script)
    journal: list[Call] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    _records: dict[ObjectClass, dict[str, Record]] = field(default_factory=lambda: {each: {} for each in ObjectClass})
    _serials: "count[int]" = field(default_factory=lambda: count(1))

    @classmethod
    def named(cls, name: str) -> "MemoryStore":
        """The store of this name, made when it is first asked for."""
        with cls._stores_lock:
            return cls._stores.setdefault(name, cls())

    @classmethod
    def forget(cls, name: str) -> None:
        """Drop the store of this name: the next connector naming it starts empty."""
        with cls._stores_lock:
            cls._stores.pop(name, None)

    def records(self, object_class: ObjectClass) -> Mapping[str, Record]:
        """All objects of a class by remote id, in the order they were created."""
        with self.lock:
            return dict(self._records[object_class])

    def find(self, object_class: ObjectClass, remote_id: str) -> Record | None:
        """One object, or None."""
        return self._records[object_class].get(remote_id)

    def insert(self, object_class: ObjectClass, attributes: Attributes, enabled: bool | None) -> Record:
        """Store a new object under a new id."""
        record = Record(next(self._serials), str(uuid4()), dict(attributes), enabled)
        self._records[object_class][record.remote_id] = record
        return record

    def change(self, object_class: ObjectClass, record: Record, attributes: Attributes, enabled: bool | None) -> Record:
        """Store new values of an object; its version moves."""
        changed = replace(record, attributes=dict(attributes), enabled=enabled, version=record.version + 1)
        self._records[object_class][record.remote_id] = changed
        return changed

    def remove(self, object_class: ObjectClass, remote_id: str) -> None:
        """Drop an object. References to it stay, as in a system without referential integrity."""
        del self._records[object_class][remote_id]
