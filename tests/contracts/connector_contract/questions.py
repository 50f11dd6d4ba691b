"""What the chapters of the contract ask again and again."""

from typing import Any
from uuid import uuid4

import pytest

from connectors.spi import (
    AttributeSpec,
    AttributeType,
    Capability,
    Connector,
    Filter,
    ObjectClass,
    ObjectSchema,
    RemoteObject,
    Values,
)
from tests.contracts.subject import ContractSubject

MOST_PAGES = 200
ACCOUNTS_AND_GROUPS = (ObjectClass.USER, ObjectClass.GROUP)


def fresh_name(prefix: str = "u") -> str:
    """A name nobody else uses."""
    return f"{prefix}{uuid4().hex[:12]}"


def needs(connector: Connector[Any], object_class: ObjectClass, *capabilities: Capability) -> None:
    """Leave a behaviour alone that the connector does not claim to have."""
    for capability in capabilities:
        if not connector.capabilities().allows(object_class, capability):
            pytest.skip(f"{connector.kind} does not claim to {capability} {object_class}s")


def created(
    subject: ContractSubject,
    connector: Connector[Any],
    object_class: ObjectClass = ObjectClass.USER,
    name: str | None = None,
    **more: Values,
) -> RemoteObject:
    """A new object in the subject's system."""
    needs(connector, object_class, Capability.CREATE)
    return connector.create(object_class, {**subject.attributes(object_class, name or fresh_name()), **more})


def object_schema(connector: Connector[Any], object_class: ObjectClass = ObjectClass.USER) -> ObjectSchema:
    """The schema of one object class."""
    return connector.schema().objects[object_class]


def alike(spec: AttributeSpec, left: Values, right: Values) -> bool:
    """Whether two lists of values say the same, by the rules of the schema."""
    return _comparable(spec, left) == _comparable(spec, right)


def _comparable(spec: AttributeSpec, values: Values) -> list[str]:
    texts = [str(value) for value in values]
    exact = spec.case_exact or spec.type is not AttributeType.STRING
    return sorted(texts if exact else [text.casefold() for text in texts])


def all_found(
    connector: Connector[Any],
    object_class: ObjectClass = ObjectClass.USER,
    condition: Filter | None = None,
    limit: int = 100,
) -> list[RemoteObject]:
    """Every object a search gives, page after page; refuses an unchanged cursor as the engine does."""
    found: list[RemoteObject] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = connector.search(object_class, condition, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        found.extend(page.items)
        if page.cursor is None:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError(f"a search did not end after {MOST_PAGES} pages")


def found_ids(connector: Connector[Any], object_class: ObjectClass, condition: Filter | None = None) -> set[str]:
    """Remote ids of all objects a search gives."""
    return {item.remote_id for item in all_found(connector, object_class, condition)}
