"""Entity tags (RFC 7644 section 3.14): weak, over what the object itself holds and, for groups, over its membership."""

from zlib import crc32

from scim2_models import PreconditionFailedException


def user_tag(version: int, external_id: str | None) -> str:
    """The tag of a user as a client sees it; its own externalId is part of that."""
    return f'W/"{version}{_suffix(external_id)}"'


def group_tag(version: int, membership_version: int, external_id: str | None) -> str:
    """The tag of a group as a client sees it."""
    return f'W/"{version}.{membership_version}{_suffix(external_id)}"'


def check_if_match(header: str | None, tag: str) -> None:
    """Refuse a write that was meant for another version (raises PreconditionFailedException)."""
    if header and not _names(header, tag):
        raise PreconditionFailedException(detail="The resource has changed since it was read.")


def is_unchanged(header: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names the version at hand, so that 304 is the answer."""
    return bool(header) and _names(header or "", tag)


def _names(header: str, tag: str) -> bool:
    """Weak comparison (RFC 9110 section 8.8.3.2)."""
    wanted = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in wanted or tag.removeprefix("W/") in wanted


def _suffix(external_id: str | None) -> str:
    return f"-{crc32(external_id.encode()):x}" if external_id else ""
