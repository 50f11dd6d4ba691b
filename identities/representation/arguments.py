"""What a request in SCIM form means to the actions: their arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class UserArguments:
    """A whole user as the actions take it: every writable attribute has a value, absent ones their empty value.

    Attributes:
        changes: our column names (`custom.<name>` for custom attributes).
        multi_values: SCIM name to rows of value, type, display, primary and data.
        active: what the request says about it; None if it says nothing.
        external_id: the client's own id; None if it says nothing.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    multi_values: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    active: bool | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupArguments:
    """A group as the actions take it. `members` is None where the request does not speak of them."""

    display_name: str
    members: tuple[str, ...] | None = None
    external_id: str | None = None
