"""Which texts may stand in a record: no control characters, no longer than their column, names not empty."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from identities.canonical import fold
from identities.errors import RuleViolation

NAME_LENGTH: Final = 255
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})
_LINE_BREAKS: Final = frozenset("\n\r\t")


def is_storable(text: str) -> bool:
    """Whether every database can hold a text: no NUL, no half of a surrogate pair."""
    return not any(character == "\x00" or unicodedata.category(character) == "Cs" for character in text)


def keys_of(names: Iterable[object]) -> set[str]:
    """The folded forms of those that are texts and can be asked for; the others are refused where they are cleaned."""
    return {fold(name) for name in names if isinstance(name, str) and is_storable(name)}


def check_text(field: str, text: str, length: int | None, *, several_lines: bool = False) -> str:
    """Return `text` if it may stand in `field`; raise RuleViolation if it is too long or holds control characters or
    half characters.
    """
    # Folding lengthens some texts, and the folded one is stored beside it.
    if length is not None and max(len(text), len(fold(text))) > length:
        raise RuleViolation("too_long", f"{field} is longer than {length} characters.", field=field, length=length)
    for character in text:
        allowed = several_lines and character in _LINE_BREAKS
        if not allowed and unicodedata.category(character) in _REFUSED_CATEGORIES:
            message = f"{field} contains the control character U+{ord(character):04X}."
            raise RuleViolation("control_character", message, field=field)
    return text


def check_name(field: str, text: str) -> str:
    """Return a name (of a user, a group, an org unit) without the white space around it; raise RuleViolation if it is
    empty or unfit.
    """
    name = check_text(field, text.strip(), NAME_LENGTH)
    if not name:
        raise RuleViolation("required", f"{field} must not be empty.", field=field)
    return name
