"""The SPI's filter evaluated on objects in memory."""

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
    """Whether `item` satisfies `filter`, comparing as the schema says (raises Rejected for an unknown attribute)."""
    match filter:
        case Equals(attribute, value):
            exact = _is_exact(attribute, schema)
            return _key(value, exact) in {_key(each, exact) for each in _values(attribute, item, schema)}
        case StartsWith(attribute, prefix):
            exact = _is_exact(attribute, schema)
            start = _folded(prefix, exact)
            values = _values(attribute, item, schema)
            return any(isinstance(each, str) and _folded(each, exact).startswith(start) for each in values)
        case Present(attribute):
            return bool(_values(attribute, item, schema))
        case And(parts):
            return all(matches(part, item, schema) for part in parts)
        case Or(parts):
            return any(matches(part, item, schema) for part in parts)
        case Not(part):
            return not matches(part, item, schema)
    assert_never(filter)


def _values(attribute: str, item: RemoteObject, schema: ObjectSchema) -> Values:
    if attribute == "remote_id":
        return (item.remote_id,)
    if attribute == "reference":
        return (item.reference,)
    if attribute not in schema.attributes:
        raise Rejected(f"There is no attribute {attribute!r} to search by.", facts={"attribute": attribute})
    return item.attributes.get(attribute, ())


def _is_exact(attribute: str, schema: ObjectSchema) -> bool:
    spec = schema.attributes.get(attribute)
    return spec is None or spec.case_exact


def _key(value: Scalar, exact: bool) -> tuple[bool, Scalar]:
    # True == 1 in Python: keep booleans apart from numbers.
    return isinstance(value, bool), _folded(value, exact) if isinstance(value, str) else value


def _folded(text: str, exact: bool) -> str:
    return text if exact else unicodedata.normalize("NFC", text).lower()
