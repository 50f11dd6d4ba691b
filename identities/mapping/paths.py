"""Direct sources: the part of the SCIM attribute paths (RFC 7644 section 3.10, figure 7) that reads a value.

userName    name.givenName    emails.value    emails[type eq "work" and primary eq true].value
urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department    custom.badgeNumber    manager.id
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from identities.mapping.errors import ExpressionError
from identities.mapping.limits import SOURCE_CHARACTERS
from identities.mapping.values import is_list, list_of, part_of, same_text

_URN = re.compile(r"(?P<urn>urn:[A-Za-z0-9][A-Za-z0-9:._-]*):(?P<rest>[^:]*)\Z", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9$_-]*")
_CLAUSE = re.compile(
    r"\s*(?P<name>[A-Za-z$][A-Za-z0-9$_-]*)\s+eq\s+"
    r"(?:\"(?P<text>[^\"\\]*)\"|(?P<truth>true|false)|(?P<number>-?[0-9]{1,18}))\s*(?P<more>and\b)?",
    re.IGNORECASE,
)
_CORE = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:[A-Za-z]+", re.IGNORECASE)
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, slots=True)
class _Segment:
    name: str
    criteria: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled attribute path."""

    source: str
    segments: tuple[_Segment, ...]

    def values(self, document: Mapping[str, object]) -> tuple[object, ...]:
        """Every value the path leads to, several where a list stands on the way; none where anything is missing.

        An entry of a multi-valued attribute that is named without its part stands for its `value`.

        Raises:
            ExpressionError: the path asks a plain value for a part, or ends at a document that has no `value`.
        """
        found: list[object] = [document]
        try:
            for segment in self.segments:
                found = [entry for each in found for entry in _entries(part_of(each, segment.name), segment)]
        except ValueError as error:
            raise ExpressionError(f"The path {self.source!r} leads nowhere: {error}.") from error
        return tuple(self._plain(each) for each in found if each is not None)

    def _plain(self, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        plain = part_of(value, "value")
        if plain is None or isinstance(plain, Mapping):
            raise ExpressionError(f"The path {self.source!r} ends at a document: name one of its parts.")
        return plain


@lru_cache(maxsize=1024)
def compile_path(source: str) -> Path:
    """Compile an attribute path (raises ExpressionError)."""
    if len(source) > SOURCE_CHARACTERS:
        raise ExpressionError(f"A path must not be longer than {SOURCE_CHARACTERS:,} characters.")
    text = source.strip()
    head: tuple[_Segment, ...] = ()
    if text[:4].lower() == "urn:":
        head, text = _schema(text)
    return Path(source, (*head, *_segments(text, len(source) - len(text))))


def _schema(text: str) -> tuple[tuple[_Segment, ...], str]:
    """The segment a schema URN stands for, and the rest. Values in a filter hold no colon after a URN."""
    filter_start = text.find("[")
    stem, tail = (text, "") if filter_start < 0 else (text[:filter_start], text[filter_start:])
    match = _URN.match(stem)
    if match is None:
        raise ExpressionError("The path must name an attribute after the schema.", 0)
    urn, rest = match["urn"], match["rest"] + tail
    if _CORE.fullmatch(urn):
        return (), rest
    return (_Segment("enterprise" if urn.lower() == _ENTERPRISE.lower() else urn),), rest


def _segments(text: str, offset: int) -> tuple[_Segment, ...]:
    segments: list[_Segment] = []
    position = 0
    while True:
        name = _NAME.match(text, position)
        if name is None:
            raise ExpressionError("An attribute name is expected here.", offset + position)
        position = name.end()
        criteria: tuple[tuple[str, object], ...] = ()
        if text[position : position + 1] == "[":
            criteria, position = _criteria(text, position + 1, offset)
        segments.append(_Segment(name[0], criteria))
        if position == len(text):
            return tuple(segments)
        if text[position] != ".":
            raise ExpressionError("The path should end here, or go on with a dot.", offset + position)
        position += 1


def _criteria(text: str, position: int, offset: int) -> tuple[tuple[tuple[str, object], ...], int]:
    criteria: list[tuple[str, object]] = []
    while True:
        clause = _CLAUSE.match(text, position)
        if clause is None:
            raise ExpressionError('A filter in a path is written as in emails[type eq "work"].', offset + position)
        criteria.append((clause["name"], _literal(clause)))
        position = clause.end()
        if clause["more"]:
            continue
        if text[position : position + 1] != "]":
            raise ExpressionError("The filter must end with ']'.", offset + position)
        return tuple(criteria), position + 1


def _literal(clause: re.Match[str]) -> object:
    if clause["truth"]:
        return clause["truth"].lower() == "true"
    return int(clause["number"]) if clause["number"] else clause["text"]


def _entries(value: object, segment: _Segment) -> list[object]:
    """The entries of a list, or the one value, as far as they meet the filter."""
    entries = list(list_of(value)) if is_list(value) else [value]
    return [
        each
        for each in entries
        if each is not None and all(same_text(part_of(each, name), wanted) for name, wanted in segment.criteria)
    ]
