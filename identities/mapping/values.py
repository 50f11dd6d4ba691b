"""The plain values expressions work on: nothing, truth values, numbers, text, dates, lists and documents."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from identities.mapping.limits import RESULT_ENTRIES, check_length, check_number

MISSING = None
"""What every absent attribute, entry and part reads as."""


def is_list(value: object) -> bool:
    """Whether the value is a list (a tuple counts as one)."""
    return isinstance(value, (list, tuple))


def is_number(value: object) -> bool:
    """Whether the value is a number; truth values are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind_of(value: object) -> str:
    """What a value is called in messages."""
    if value is None:
        return "nothing"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "a value that expressions cannot use"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a truth value"),
    ((int, float), "a number"),
    ((str, UUID), "a text"),
    (date, "a date"),
    (Mapping, "a document"),
    ((list, tuple), "a list"),
)


def text_of(value: object) -> str:
    """The value as text: nothing is empty, truth values are `true` and `false`, dates ISO 8601 (raises ValueError)."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float, UUID)):
        return str(value)
    raise ValueError(f"{kind_of(value)} is not a text")


def list_of(value: object) -> Sequence[object]:
    """The value, which must be a list (raises ValueError)."""
    if isinstance(value, (list, tuple)):
        return value
    raise ValueError(f"a list is needed here, not {kind_of(value)}")


def whole_number_of(value: object) -> int:
    """The value, which must be a whole number (raises ValueError)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"a whole number is needed here, not {kind_of(value)}")


def part_of(value: object, name: str) -> object:
    """The attribute `name` of a document, however it is spelt; missing if it, or the document, is missing.

    Raises:
        ValueError: the value is something that has no attributes.
    """
    if value is None:
        return MISSING
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        wanted = name.casefold()
        return next((found for key, found in value.items() if str(key).casefold() == wanted), MISSING)
    if is_list(value):
        raise ValueError(f"{name!r} is asked of a list; take one entry first, as in (list | first).{name}")
    raise ValueError(f"{name!r} is asked of {kind_of(value)}")


def entry_of(value: object, key: object) -> object:
    """`value[key]`; missing if it is not there (raises ValueError)."""
    if isinstance(key, str) or isinstance(value, Mapping):
        return part_of(value, text_of(key))
    index = whole_number_of(key)
    if value is None:
        return MISSING
    if isinstance(value, (str, list, tuple)):
        return value[index] if -len(value) <= index < len(value) else MISSING
    raise ValueError(f"{kind_of(value)} has no entries")


def same(left: object, right: object) -> bool:
    """Equality that keeps truth values apart from numbers."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def same_text(left: object, right: object) -> bool:
    """Equality without regard to case, as SCIM compares most text."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return same(left, right)


def checked_result(value: object) -> object:
    """The value as it may leave an expression: plain, of bounded size, tuples as lists (raises ValueError)."""
    return _checked(value, [RESULT_ENTRIES])


def _checked(value: object, left: list[int]) -> object:
    left[0] -= 1
    if left[0] < -1:
        raise ValueError(f"the result must not have more than {RESULT_ENTRIES:,} entries")
    if isinstance(value, str):
        return _checked_text(value)
    if is_list(value):
        return [_checked(each, left) for each in list_of(value)]
    if isinstance(value, Mapping):
        return {_checked_text(str(key)): _checked(each, left) for key, each in value.items()}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (int, float)):
        check_number(value)
        return value
    if value is None or isinstance(value, (date, datetime)):
        return value
    raise ValueError("the result is not a plain value")


def _checked_text(text: str) -> str:
    check_length(len(text))
    if any("\ud800" <= character <= "\udfff" for character in text) or "\x00" in text:
        raise ValueError("the result holds characters that no system can store")
    return text
