"""What a link remembers of an account's attributes, as JSON.

Ordinary values stand as lists. Of secrets, of binary values and of what does not come back on a read only a fingerprint
is kept: enough to notice a change. Where the system keeps another value than the one that was written (a DN in another
spelling, a rounded number), a fingerprint of the written one stands beside it, so that it is not written again and
again.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from connectors.engine.decide.difference import fingerprint
from connectors.engine.masking import looks_secret
from connectors.spi import Attributes, ObjectSchema, Scalar, Values

_FINGERPRINT = "fingerprint"
_DATETIME = "datetime"
_VALUES, _WRITTEN = "values", "written"


class Recalled(NamedTuple):
    """What a link keeps.

    Attributes:
        values: of ordinary attributes. fingerprints: of concealed ones.
        rewritten: fingerprints of what was written where the system made the value in `values` of it.
    """

    values: dict[str, Values]
    fingerprints: dict[str, str]
    rewritten: dict[str, str]


def remembered(
    attributes: Attributes,
    object_id: UUID,
    schema: ObjectSchema | None,
    rewritten: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The attributes as a link keeps them.

    Args:
        rewritten: as `Recalled` gives it.
    """
    return {name: _kept(name, values, object_id, schema, rewritten.get(name)) for name, values in attributes.items()}


def recalled(known: Mapping[str, Any]) -> Recalled:
    """What a link keeps, sorted."""
    marked = {name: each for name, each in known.items() if isinstance(each, dict)}
    plain = {name: marked.get(name, {}).get(_VALUES, each) for name, each in known.items()}
    return Recalled(
        {name: tuple(map(_scalar, each)) for name, each in plain.items() if isinstance(each, list)},
        {name: each[_FINGERPRINT] for name, each in marked.items() if _FINGERPRINT in each},
        {name: each[_WRITTEN] for name, each in marked.items() if _WRITTEN in each},
    )


def _kept(name: str, values: Values, object_id: UUID, schema: ObjectSchema | None, written: str | None) -> Any:
    if _is_concealed(name, values, schema):
        return {_FINGERPRINT: fingerprint(values, object_id)}
    plain = [_plain(value) for value in values]
    return plain if written is None else {_VALUES: plain, _WRITTEN: written}


def _is_concealed(name: str, values: Values, schema: ObjectSchema | None) -> bool:
    spec = schema.attributes.get(name) if schema else None
    is_binary = any(isinstance(value, bytes) for value in values)
    return looks_secret(name) or is_binary or (spec is not None and not spec.readable)


def _plain(value: Scalar) -> Any:
    return {_DATETIME: value.isoformat()} if isinstance(value, datetime) else value


def _scalar(plain: Any) -> Scalar:
    return datetime.fromisoformat(plain[_DATETIME]) if isinstance(plain, dict) else plain
