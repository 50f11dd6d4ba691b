"""The SPI's filter on objects in memory: a folder has no query language to translate it to."""

import unicodedata
from typing import assert_never

from connectors.spi import (
    And,
    Equals,
    Filter,
    Not,
    ObjectSchema,
    Or,
    Present,
    Rejected,
    RemoteObject,
    Scalar,
    StartsWith,
    Values,
)


def matches(filter: Filter, item: RemoteObject, schema: ObjectSchema) -> bool:
    """Whether `item` satisfies `filter`; texts compare as the schema says (raises Rejected: unknown attribute)."""
    match filter:
        case Equals(attribute, value):
            return folded(value, attribute, schema) in _values(attribute, item, schema)
        case StartsWith(attribute, prefix):
            start = folded(prefix, attribute, schema)
            return any(text.startswith(start) for text in _values(attribute, item, schema))
        case Present(attribute):
            return bool(_values(attribute, item, schema))
        case And(parts):
            return all(matches(part, item, schema) for part in parts)
        case Or(parts):
            return any(matches(part, item, schema) for part in parts)
        case Not(part):
            return not matches(part, item, schema)
    assert_never(filter)


def folded(value: Scalar, attribute: str, schema: ObjectSchema) -> str:
    """The form in which two values of this attribute are compared."""
    spec = schema.attributes.get(attribute)
    text = str(value)
    return text if spec is None or spec.case_exact else unicodedata.normalize("NFC", text).lower()


def _values(attribute: str, item: RemoteObject, schema: ObjectSchema) -> tuple[str, ...]:
    if attribute in ("remote_id", "reference"):
        return (item.remote_id,)
    if attribute not in schema.attributes:
        raise Rejected(f"There is no attribute {attribute!r} to search by.", facts={"attribute": attribute})
    values: Values = item.attributes.get(attribute, ())
    return tuple(folded(value, attribute, schema) for value in values)
