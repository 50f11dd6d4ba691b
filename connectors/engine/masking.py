"""What must not be shown: values of attributes that hold secrets, and secrets that slip into messages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "•••"
SHORTEST_SECRET = 4
_SECRET_NAME = re.compile(r"passw|pwd|secret(?!ar)|token|credential|private.?key|api.?key", re.IGNORECASE)


def looks_secret(attribute: str) -> bool:
    """Whether an attribute of this name is taken to hold a secret."""
    return _SECRET_NAME.search(attribute) is not None


def masked(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The same attributes, secret ones shown as a mask."""
    return {name: MASK if looks_secret(name) and value else value for name, value in attributes.items()}


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text without the given secrets; very short ones are left, they would blacken ordinary words."""
    for secret in sorted((each for each in secrets if len(each) >= SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
