"""Distinguished names (RFC 4514): put together with escaped values, taken apart, compared."""

import re
from collections.abc import Hashable

import ldap
from ldap.dn import escape_dn_chars, str2dn

_CONTROL = re.compile("[\x00-\x1f]")
_FIRST_RDN = re.compile(r"(?:[^\\,]|\\.)*", re.DOTALL)
Rdn = tuple[tuple[str, str], ...]
"""The parts of one relative name, mostly one: (attribute, value)."""


def rdn_text(rdn: Rdn) -> str:
    """A relative name as text, its values escaped."""
    return "+".join(f"{attribute}={_escaped(value)}" for attribute, value in rdn)


def first_rdn(dn: str) -> Rdn:
    """The relative name an entry has in its container (raises ValueError: not a DN, or the empty one)."""
    parts = _parts(dn)
    if not parts:
        raise ValueError("the empty DN has no relative name")
    return parts[0]


def parent(dn: str) -> str:
    """The DN of the container of an entry."""
    return ",".join(rdn_text(rdn) for rdn in _parts(dn)[1:])


def container_of(dn: str) -> str:
    """The same, spelt as the entry's DN spells it: as the directory spells the container's own."""
    own = _FIRST_RDN.match(dn)
    return dn[own.end() + 1 :].lstrip() if own else ""


def joined(container: str, base_dn: str) -> str:
    """The whole DN of a container given whole or relative to the base."""
    if not container:
        return base_dn
    return container if not base_dn or is_below(container, base_dn, or_same=True) else f"{container},{base_dn}"


def is_below(dn: str, ancestor: str, *, or_same: bool = False) -> bool:
    """Whether `dn` lies somewhere below `ancestor`."""
    own, above = comparable(dn), comparable(ancestor)
    depth = len(own) - len(above)
    return (depth > 0 or (or_same and depth == 0)) and own[depth:] == above


def relative_to(dn: str, ancestor: str) -> str:
    """The part of `dn` before `ancestor`, empty when they are the same; `dn` must not lie elsewhere."""
    parts = _parts(dn)
    return ",".join(rdn_text(rdn) for rdn in parts[: len(parts) - len(_parts(ancestor))])


def same_dn(left: str, right: str) -> bool:
    """Whether two texts name the same entry; texts that are no DN are compared as they are."""
    return dn_key(left) == dn_key(right)


def dn_key(text: str) -> Hashable:
    """What is equal for all spellings of a DN; the text itself where it is none."""
    try:
        return comparable(text)
    except ValueError:
        return text


def comparable(dn: str) -> tuple[frozenset[tuple[str, str]], ...]:
    """A DN in a form that is equal for all its spellings: case, spaces, escapes, order of parts (raises ValueError)."""
    return tuple(
        frozenset((attribute.lower(), " ".join(value.split()).casefold()) for attribute, value in rdn)
        for rdn in _parts(dn)
    )


def _escaped(value: str) -> str:
    """The value escaped, control characters too: libldap drops line ends and tabs around a value as white space."""
    return _CONTROL.sub(lambda found: f"\\{ord(found[0]):02x}", escape_dn_chars(value))


def _parts(dn: str) -> list[Rdn]:
    try:
        return [tuple((attribute, value) for attribute, value, _ in rdn) for rdn in str2dn(dn)]
    except ldap.DECODING_ERROR as error:
        raise ValueError(f"not a distinguished name: {dn!r}") from error
