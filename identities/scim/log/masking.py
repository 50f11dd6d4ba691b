"""What of a request may be kept: secrets masked by their names and by their looks, and no more than fits."""

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from identities.queries.tokens import TOKEN_MARK

MASK: Final = "***"
ELLIPSIS: Final = "…"
# Bounds of one payload as it is kept.
CHARACTERS: Final = 8000
ENTRIES: Final = 20
TEXT: Final = 500

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|secret|token|authorization|credential|cookie|(api|private|access).?key", re.IGNORECASE
)
_SECRET_LOOK: Final = re.compile(
    rf"\b(?:bearer|basic)\s+[\w.~+/=-]{{6,}}|\b{TOKEN_MARK}[\w-]{{16,}}|\beyJ[\w-]{{8,400}}\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"?')
_NAME: Final = re.compile(r"[\w-]+")
# Shorter ones stand in other texts by chance. Of a request with more of them than these no text is kept at all.
_SHORTEST_SECRET: Final = 4
_MOST_SECRETS: Final = 50
# More than is kept of any text; what is cut off is not searched.
_SEARCHED: Final = 4 * TEXT


class Masker:
    """Masks one request. A secret that was found in its payload is masked in its other texts too.

    Args:
        sensitive: names of attributes whose values are secrets although their names do not say so.
    """

    def __init__(self, sensitive: Collection[str] = ()) -> None:
        self._sensitive = {name.lower() for name in sensitive}
        self._found: set[str] = set()
        self._left = CHARACTERS

    def payload(self, value: Any, name: str = "") -> Any:
        """A JSON value without secrets and within bounds; `name` is the attribute it belongs to."""
        if self._left <= 0:
            return ELLIPSIS
        if name and self._is_secret(name):
            self._remember(value)
            return None if value is None else MASK
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            more = [f"{ELLIPSIS} {len(value) - ENTRIES}"] if len(value) > ENTRIES else []
            return [self.payload(each, name) for each in value[:ENTRIES]] + more
        if isinstance(value, str):
            kept = self.expression(value) if name.lower() in ("filter", "path") else self.text(value)
            self._left -= min(len(kept), TEXT) + 2
            return kept if len(kept) <= TEXT else kept[:TEXT] + ELLIPSIS
        self._left -= len(str(value))
        return value

    def text(self, text: str) -> str:
        """A text without what looks like a token, and without secrets of this request's payload."""
        if len(self._found) > _MOST_SECRETS:
            return MASK
        masked = _SECRET_LOOK.sub(MASK, text[:_SEARCHED].replace("\x00", ""))
        for secret in self._found:
            masked = masked.replace(secret, MASK)
        return masked

    def expression(self, text: str) -> str:
        """A filter or a path; if it speaks of a secret attribute, without the values it compares with."""
        text = text[:_SEARCHED]
        if self._speaks_of_secret(_LITERAL.sub("", text)):
            self._found.update(each for each in _LITERAL.findall(text) if len(each) >= _SHORTEST_SECRET)
            text = _LITERAL.sub(f'"{MASK}"', text)
        return self.text(text)

    def address(self, path: str, parameters: Iterable[tuple[str, str]]) -> str:
        """An address with its query, readable."""
        query = "&".join(f"{self.text(name)}={self._parameter(name, value)}" for name, value in parameters)
        return self.text(path) + (f"?{query}" if query else "")

    def _parameter(self, name: str, value: str) -> str:
        if name.lower() == "filter":
            return self.expression(value)
        return MASK if self._is_secret(name) else self.text(value)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        """An object; an operation of a PATCH (RFC 7644 section 3.5.2) whose path is a secret's keeps no value."""
        path = next((part for name, part in value.items() if name.lower() == "path" and isinstance(part, str)), "")[
            :_SEARCHED
        ]
        hidden = bool(path) and self._speaks_of_secret(_LITERAL.sub("", path))
        kept: dict[str, Any] = {}
        for name, part in value.items():
            if self._left <= 0 or len(kept) >= 2 * ENTRIES:
                kept[ELLIPSIS] = len(value) - len(kept)
                break
            self._left -= len(name) + 4
            shown = name if len(name) <= TEXT else name[:TEXT] + ELLIPSIS
            kept[self.text(shown)] = self.payload(part, path if hidden and name.lower() == "value" else name)
        return kept

    def _is_secret(self, name: str) -> bool:
        """Whether an attribute, called by its name or by a path to it, holds a secret."""
        return self._speaks_of_secret(_LITERAL.sub("", name))

    def _speaks_of_secret(self, text: str) -> bool:
        if _SECRET_NAME.search(text):
            return True
        return bool(self._sensitive) and any(part.lower() in self._sensitive for part in _NAME.findall(text))

    def _remember(self, value: Any) -> None:
        if len(self._found) > _MOST_SECRETS:
            return
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                self._remember(each)
        elif value is not None and len(str(value)) >= _SHORTEST_SECRET:
            self._found.add(str(value))
