"""The requests that Entra ID and Okta document, one file each, in the order they are sent.

A file holds `what`, the `source` page and its `date`, the `request` (`size`: of a body that is only long), what the
`answer` must be (`status`, `holds`: parts of the body, `contains`: what must be in it among other things, `lacks`:
names that must not be in it, `users`: whom it lists) and what to `remember` of it. `{name}` stands for what was
remembered; `then` are the requests that follow.

The examples of RFC 7643, 7644 and 9865 stand beside them, one file each, named by section. They are code components of
the RFCs (IETF Trust, Revised BSD License). `given` is what exists before (`{user_version}`: the version of `user`),
`as` the person who asks; `differs` says where the portal differs.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote


def samples(client: str) -> list[dict[str, Any]]:
    """The samples of one client, in order."""
    files = sorted((Path(__file__).parent / client).glob("*.json"))
    return [{"name": file.stem, **json.loads(file.read_text())} for file in files]


def filled(value: Any, remembered: dict[str, str]) -> Any:
    """The value with everything that was remembered in its place."""
    if isinstance(value, str):
        for name, text in remembered.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, list):
        return [filled(each, remembered) for each in value]
    if isinstance(value, dict):
        return {filled(name, remembered): filled(each, remembered) for name, each in value.items()}
    return value


def path_of(request: dict[str, Any], remembered: dict[str, str]) -> str:
    """The request's path as it goes over the wire."""
    return quote(filled(request["path"], remembered), safe="/?&=$:")
