"""Who owns a value, and who may write it.

An origin may write a value that nobody owns, that it owns itself, or whose owner ranks below it. A value that was
never set belongs to nobody; a value that was cleared belongs to whoever cleared it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

DEFAULT_ORDER: Final[tuple[tuple[str, ...], ...]] = (
    ("admin",),
    ("file", "system"),
    ("scim",),
    ("rule",),
    ("idp",),
    ("self",),
)
# Stands in `owners` for a value whose ownership was released: the next writer owns it.
NOBODY: Final = ""

Order = Sequence[Sequence[str]]


def read_order(text: str) -> Order:
    """An order of owners written as `admin > file/system > scim > rule > idp > self`.

    Raises:
        ValueError: a kind of origin is unknown, missing or named twice.
    """
    order = tuple(tuple(kind.strip() for kind in place.split("/")) for place in text.split(">"))
    known = sorted(kind for kinds in DEFAULT_ORDER for kind in kinds)
    if sorted(kind for kinds in order for kind in kinds) != known:
        raise ValueError(f"an order of owners names each of these once: {', '.join(known)}")
    return order


def rank(origin: str, order: Order = DEFAULT_ORDER) -> int:
    """The place of an origin in the order, 0 first; an unknown kind of origin ranks last."""
    kind = origin.partition(":")[0]
    return next((place for place, kinds in enumerate(order) if kind in kinds), len(order))


def may_write(origin: str, owner: str | None, order: Order = DEFAULT_ORDER) -> bool:
    """Whether `origin` may write a value of `owner` (None: nobody's).

    `order` is given where an attribute has its own.
    """
    return not owner or origin == owner or rank(origin, order) < rank(owner, order)


def owner_of(attribute: str, value: Any, owners: Mapping[str, str], default_origin: str) -> str | None:
    """The origin that owns an attribute's value, or None if nobody does."""
    if attribute in owners:
        return owners[attribute] or None
    return None if is_empty(value) else default_origin


def owners_after_write(
    attribute: str, value: Any, owners: Mapping[str, str], default_origin: str, origin: str
) -> dict[str, str]:
    """The exceptions to `default_origin` after `origin` wrote `value`."""
    others = {name: owner for name, owner in owners.items() if name != attribute}
    if origin == default_origin and not is_empty(value):
        return others
    return {**others, attribute: origin}


def is_empty(value: Any) -> bool:
    """Whether a value says nothing."""
    return value is None or value == "" or value == [] or value == {}
