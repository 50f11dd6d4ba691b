"""What a link remembers of an account's attributes, as JSON.

Ordinary values stand as lists. Of secrets, of binary values and of what does not come back on a read only a fingerprint
is kept: enough to notice a change.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from connectors.engine.decide.difference import fingerprint
from connectors.engine.masking import looks_secret
from connectors.spi import Attributes, ObjectSchema, Scalar, Values

_FINGERPRINT = "fingerprint"
_DATETIME = "datetime"


def remembered(attributes: Attributes, object_id: UUID, schema: ObjectSchema | None) -> dict[str, Any]:
    """The attributes as a link keeps them."""
    return {
        name: {_FINGERPRINT: fingerprint(values, object_id)}
        if _is_concealed(name, values, schema)
        else [_plain(value) for value in values]
        for name, values in attributes.items()
    }


def recalled(known: Mapping[str, Any]) -> tuple[dict[str, Values], dict[str, str]]:
    """What a link keeps, as attributes, and as fingerprints by attribute."""
    values = {name: tuple(map(_scalar, each)) for name, each in known.items() if isinstance(each, list)}
    fingerprints = {name: each[_FINGERPRINT] for name, each in known.items() if isinstance(each, dict)}
    return values, fingerprints


def _is_concealed(name: str, values: Values, schema: ObjectSchema | None) -> bool:
    spec = schema.attributes.get(name) if schema else None
    is_binary = any(isinstance(value, bytes) for value in values)
    return looks_secret(name) or is_binary or (spec is not None and not spec.readable)


def _plain(value: Scalar) -> Any:
    return {_DATETIME: value.isoformat()} if isinstance(value, datetime) else value


def _scalar(plain: Any) -> Scalar:
    return datetime.fromisoformat(plain[_DATETIME]) if isinstance(plain, dict) else plain
