"""What every rendering shares: its version, its addresses, its dates, its JSON."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

# Raised whenever the stored text of an unchanged object would come out differently. Older texts are rendered anew when
# they are read.
RENDERING_VERSION: Final = 2

SCIM_BASE_PATH: Final = "/scim/v2"


def timestamp(moment: datetime) -> str:
    """An instant as RFC 7643 section 2.3.5 writes it, in UTC, to the microsecond that the database keeps."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def compact_json(value: Any) -> str:
    """JSON text without white space."""
    return orjson.dumps(value).decode()


def place(target: dict[str, Any], keys: tuple[str, ...], value: object) -> None:
    """Put a value at the end of a chain of keys, making the objects on the way."""
    for key in keys[:-1]:
        target = target.setdefault(key, {})
    target[keys[-1]] = value


def look_up(source: Any, keys: tuple[str, ...]) -> Any:
    """The value at the end of a chain of keys, or None where the chain breaks."""
    for key in keys:
        if not isinstance(source, dict):
            return None
        source = source.get(key)
    return source
