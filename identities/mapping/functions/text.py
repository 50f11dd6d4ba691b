"""Functions on text."""

import re
import unicodedata

from anyascii import anyascii

from identities.mapping.functions.registry import function
from identities.mapping.limits import check_length
from identities.mapping.values import text_of, whole_number_of

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_DN_SPECIAL = re.compile(r'[\x00-\x1f"+,;<=>\\]|^[ #]| \Z')
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


@function("lower")
def lower(value: object) -> str:
    """Lower case."""
    return text_of(value).lower()


@function("upper")
def upper(value: object) -> str:
    """Upper case."""
    return text_of(value).upper()


@function("title")
def title(value: object) -> str:
    """Every word with a capital letter."""
    return text_of(value).title()


@function("trim")
def trim(value: object) -> str:
    """Without white space at both ends."""
    return text_of(value).strip()


@function("replace")
def replace(value: object, old: object, new: object) -> str:
    """Every `old` replaced by `new`."""
    text, before, after = text_of(value), text_of(old), text_of(new)
    if not before:
        raise ValueError("replace needs a text to look for")
    check_length(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


@function("before")
def before(value: object, mark: object) -> str:
    """The text before the first `mark`; all of it where there is none: `user.userName | before('@')`."""
    return text_of(value).partition(_mark(mark))[0]


@function("after")
def after(value: object, mark: object) -> str | None:
    """The text after the first `mark`; nothing where there is none."""
    _, found, rest = text_of(value).partition(_mark(mark))
    return rest if found else None


@function("split")
def split(value: object, mark: object) -> list[str]:
    """A list of the parts between the `mark`s."""
    return text_of(value).split(_mark(mark))


@function("truncate")
def truncate(value: object, length: object) -> str:
    """The first `length` characters."""
    return text_of(value)[: max(0, whole_number_of(length))]


@function("pad")
def pad(value: object, width: object, fill: object = "0") -> str:
    """Filled up on the left to `width` characters: `42 | pad(6)` is 000042."""
    characters, filler = whole_number_of(width), text_of(fill)
    check_length(characters)
    if len(filler) != 1:
        raise ValueError("pad fills with one character")
    return text_of(value).rjust(characters, filler)


@function("ascii")
def ascii_only(value: object, german: object = False) -> str:
    """Letters of every script written in ASCII: José is Jose, Zoë is Zoe. With `german=true` Müller is Mueller."""
    text = unicodedata.normalize("NFC", text_of(value))
    return anyascii(text.translate(_GERMAN) if german else text)


@function("slug")
def slug(value: object, separator: object = "-") -> str:
    """Lower-case ASCII letters and digits, everything else one `separator`."""
    mark, words = text_of(separator), _NOT_SLUG.split(ascii_only(value).lower())
    check_length(sum(map(len, words)) + len(mark) * len(words))
    return mark.join(words).strip(mark or None)


@function("dn_value")
def dn_value(value: object) -> str:
    """The value as it stands in a distinguished name, escaped: `'ou=' ~ dn_value(user.enterprise.department)`."""
    # RFC 4514 section 2.4; control characters too, which some servers take for white space.
    escaped = _DN_SPECIAL.sub(lambda found: _escaped(found[0]), text_of(value))
    check_length(len(escaped))
    return escaped


@function("text")
def text(value: object) -> str:
    """The value as text; truth values are `true` and `false`, dates ISO 8601."""
    return text_of(value)


def _escaped(character: str) -> str:
    return f"\\{ord(character):02x}" if character < " " else f"\\{character}"


def _mark(value: object) -> str:
    mark = text_of(value)
    if not mark:
        raise ValueError("the mark must not be empty")
    return mark
