"""What the actions on groups take and give back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identities.actions.users.arguments import Mode
from identities.models import Group


@dataclass(frozen=True, slots=True)
class NewGroup:
    """One group to be created. Without `default_origin`, the actor's is taken; with `filter_text` it is dynamic."""

    display_name: str
    description: str = ""
    default_origin: str | None = None
    filter_text: str = ""


@dataclass(frozen=True, slots=True)
class GroupUpdate:
    """Changes of one group: `display_name`, `description`. What is not named stays."""

    group: Group | UUID
    changes: Mapping[str, Any]
    mode: Mode = "skip"
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class GroupRule:
    """The rule that one group gets: a SCIM filter on people, or None to make it static."""

    group: Group | UUID
    filter_text: str | None


@dataclass(frozen=True, slots=True)
class GroupUpdateResult:
    """What an update did: the group as it now stands, what changed, and what was kept because others own it."""

    group: Group
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
