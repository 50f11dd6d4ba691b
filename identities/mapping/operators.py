"""The operators. Nothing as an operand of arithmetic gives nothing; in a comparison by size it is false."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime

from identities.mapping.limits import check_length
from identities.mapping.values import entry_of, is_list, is_number, kind_of, list_of, same, text_of

Operation = Callable[[object, object], object]


def add(left: object, right: object) -> object:
    """Numbers are added, texts and lists joined."""
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if is_list(left) and is_list(right):
        return [*list_of(left), *list_of(right)]
    return _calculated("+", operator.add, left, right)


def multiply(left: object, right: object) -> object:
    """Numbers only: texts and lists are not repeated."""
    return _calculated("*", operator.mul, left, right)


def subtract(left: object, right: object) -> object:
    """Numbers only."""
    return _calculated("-", operator.sub, left, right)


def divide(left: object, right: object) -> object:
    """Numbers only."""
    return _calculated("/", operator.truediv, left, right)


def divide_whole(left: object, right: object) -> object:
    """Numbers only, rounded down."""
    return _calculated("//", operator.floordiv, left, right)


def remainder(left: object, right: object) -> object:
    """Numbers only: `%` formats no text."""
    return _calculated("%", operator.mod, left, right)


def negate(value: object) -> object:
    """The number with the other sign."""
    return _calculated("-", operator.sub, 0, value)


def unchanged(value: object) -> object:
    """The number itself."""
    return _calculated("+", operator.add, 0, value)


def concatenate(*parts: object) -> object:
    """The parts as one text; nothing is empty."""
    texts = [text_of(part) for part in parts]
    check_length(sum(map(len, texts)))
    return "".join(texts)


def slice_of(value: object, start: object, stop: object) -> object:
    """A part of a text or list."""
    if value is None:
        return None
    if isinstance(value, (str, list, tuple)):
        return value[_bound(start) : _bound(stop)]
    raise ValueError(f"{kind_of(value)} cannot be sliced")


def contains(value: object, container: object) -> bool:
    """Whether a list holds the value, a text the part, a document the name."""
    if container is None:
        return False
    if isinstance(container, str):
        return isinstance(value, str) and value in container
    if isinstance(container, Mapping):
        return isinstance(value, str) and entry_of(container, value) is not None
    return any(same(value, each) for each in list_of(container))


COMPARISONS: dict[str, Operation] = {
    "eq": same,
    "ne": lambda left, right: not same(left, right),
    "lt": lambda left, right: _ordered(operator.lt, left, right),
    "lteq": lambda left, right: _ordered(operator.le, left, right),
    "gt": lambda left, right: _ordered(operator.gt, left, right),
    "gteq": lambda left, right: _ordered(operator.ge, left, right),
    "in": contains,
    "notin": lambda left, right: not contains(left, right),
}


def _bound(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"a whole number is needed here, not {kind_of(value)}")


def _calculated(sign: str, calculate: Callable[..., object], left: object, right: object) -> object:
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        return calculate(left, right)
    raise ValueError(f"{sign!r} does not work between {kind_of(left)} and {kind_of(right)}")


def _ordered(compare: Callable[..., bool], left: object, right: object) -> bool:
    if left is None or right is None:
        return False
    if _comparable(left, right):
        return compare(left, right)
    raise ValueError(f"{kind_of(left)} and {kind_of(right)} have no order")


def _comparable(left: object, right: object) -> bool:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return (left.tzinfo is None) == (right.tzinfo is None)
    plain_dates = all(isinstance(each, date) and not isinstance(each, datetime) for each in (left, right))
    return plain_dates or (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
