"""Entity tags (RFC 7644 section 3.14): weak, over what the object itself holds and, for groups, over its membership."""

import re
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from django.http import HttpRequest
from scim2_models import PreconditionFailedException

_TAGS: Final = re.compile(r'\*|(?:W/)?"[^"]*"')


def user_tag(version: int, external_id: str | None) -> str:
    """The tag of a user as a client sees it; its own externalId is part of that."""
    return f'W/"{version}{_suffix(external_id)}"'


def group_tag(version: int, membership_version: int, external_id: str | None) -> str:
    """The tag of a group as a client sees it."""
    return f'W/"{version}.{membership_version}{_suffix(external_id)}"'


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request makes its effect depend on (RFC 9110 section 13.1): the headers, where they are given."""

    if_match: str | None = None
    if_none_match: str | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "Preconditions":
        """Those of this request."""
        return cls(request.META.get("HTTP_IF_MATCH"), request.META.get("HTTP_IF_NONE_MATCH"))

    def check_read(self, tag: str) -> bool:
        """Whether a resource with this tag needs no sending, because the reader has it (304).

        Raises:
            PreconditionFailedException: the reader wants another version or none.
        """
        self._check_match(tag)
        return bool(self.if_none_match) and _names(self.if_none_match or "", tag)

    def check_write(self, tag: str) -> None:
        """Refuse a write that was meant for another version, or for none (raises PreconditionFailedException)."""
        self._check_match(tag)
        if self.if_none_match and _names(self.if_none_match, tag):
            raise PreconditionFailedException(detail="The resource is there, in a version that was not to be.")

    def _check_match(self, tag: str) -> None:
        if self.if_match and not _names(self.if_match, tag):
            raise PreconditionFailedException(detail="The resource has changed since it was read.")


NO_PRECONDITIONS: Final = Preconditions()


def _names(header: str, tag: str) -> bool:
    """Weak comparison (RFC 9110 section 8.8.3.2), as all tags of this service are weak (RFC 7644 section 3.14)."""
    named = {each.removeprefix("W/") for each in _TAGS.findall(header)}
    return "*" in named or tag.removeprefix("W/") in named


def _suffix(external_id: str | None) -> str:
    return f"-{crc32(external_id.encode()):x}" if external_id else ""
