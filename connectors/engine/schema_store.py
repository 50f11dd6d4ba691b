"""A system's schema as it is kept with the system, so that screens and decisions know it without asking the system."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from connectors.models import ConnectedSystem
from connectors.spi import AttributeSpec, AttributeType, ObjectClass, ObjectSchema, Schema

FORMAT = 1


def stored(schema: Schema) -> dict[str, Any]:
    """The schema as plain values."""
    return {"format": FORMAT, "objects": {str(name): asdict(each) for name, each in schema.objects.items()}}


def restored(stored_schema: Mapping[str, Any]) -> Schema | None:
    """The schema that was stored; None when there is none, or one of an older format."""
    if stored_schema.get("format") != FORMAT:
        return None
    return Schema({ObjectClass(name): _object(each) for name, each in stored_schema["objects"].items()})


def kept(system: ConnectedSystem) -> Schema | None:
    """The schema that stands on the system's row; None as `restored`. The same object for as long as it is the same."""
    known = _kept.get(system.id)
    if known is None or known[0] != system.remote_schema:
        known = _kept[system.id] = (system.remote_schema, restored(system.remote_schema))
    return known[1]


_kept: dict[UUID, tuple[Mapping[str, Any], Schema | None]] = {}


def _object(plain: Mapping[str, Any]) -> ObjectSchema:
    attributes = {name: _attribute(each) for name, each in plain["attributes"].items()}
    return ObjectSchema(**{**plain, "object_class": ObjectClass(plain["object_class"]), "attributes": attributes})


def _attribute(plain: Mapping[str, Any]) -> AttributeSpec:
    refers_to = ObjectClass(plain["refers_to"]) if plain["refers_to"] else None
    return AttributeSpec(**{**plain, "type": AttributeType(plain["type"]), "refers_to": refers_to})
