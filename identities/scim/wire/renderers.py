"""Writing answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

from identities.scim.limits import MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class Written:
    """JSON that has been written already."""

    text: str


class ScimRenderer(BaseRenderer):
    """`application/scim+json`, the answer's type unless the client prefers plain JSON (RFC 7644 section 3.8)."""

    media_type = MEDIA_TYPE
    format = "scim"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The data as JSON; nothing at all for an answer without a body."""
        if isinstance(data, Written):
            return data.text.encode()
        return b"" if data is None else orjson.dumps(data)


class JsonRenderer(ScimRenderer):
    """`application/json`."""

    media_type = "application/json"
    format = "json"
