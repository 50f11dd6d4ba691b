"""Who is acting now. Every action takes one, and every audit entry keeps it."""

import uuid
from dataclasses import dataclass, field, replace

from identities.vocabulary import Channel

ADMIN_ORIGIN = "admin"
SELF_ORIGIN = "self"
CLOCK_ORIGIN = "rule:clock"


def new_correlation_id() -> str:
    """A fresh id that ties together everything one request or run caused."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts.

    Attributes:
        origin: what values and memberships it writes are marked with: `admin`, `self`, `rule:<id>`, `scim:<client>`,
            `file:<profile>`, `system:<id>`, `idp:<id>`.
        channel: the face it came through.
        name: how people know it, frozen into the audit trail.
        user_id: the signed-in user, if there is one.
        reason: why, where one was asked for.
    """

    origin: str
    channel: Channel
    name: str
    user_id: uuid.UUID | None = None
    remote_address: str | None = None
    reason: str = ""
    correlation_id: str = field(default_factory=new_correlation_id)

    def because(self, reason: str) -> "Actor":
        """The same actor with a reason."""
        return replace(self, reason=reason)

    def together_with(self, correlation_id: str) -> "Actor":
        """The same actor, in what this id ties together."""
        return replace(self, correlation_id=correlation_id)

    def through(self, channel: Channel) -> "Actor":
        """The same actor, coming through another face."""
        return replace(self, channel=channel)


def admin_actor(user_id: uuid.UUID, name: str, remote_address: str | None = None) -> Actor:
    """An administrator in the portal."""
    return Actor(ADMIN_ORIGIN, Channel.ADMIN, name, user_id=user_id, remote_address=remote_address)


def self_actor(user_id: uuid.UUID, name: str, remote_address: str | None = None) -> Actor:
    """A person acting on their own record."""
    return Actor(SELF_ORIGIN, Channel.SELFSERVICE, name, user_id=user_id, remote_address=remote_address)


def scim_actor(client_id: uuid.UUID, name: str, remote_address: str | None = None) -> Actor:
    """An API client speaking SCIM."""
    return Actor(scim_origin(client_id), Channel.SCIM, name, remote_address=remote_address)


def file_actor(profile_name: str, started_by: str = "") -> Actor:
    """A file import by a saved profile."""
    return Actor(file_origin(profile_name), Channel.IMPORT, started_by or f"import {profile_name}")


def clock_actor() -> Actor:
    """The clock, acting on start and end dates."""
    return Actor(CLOCK_ORIGIN, Channel.CLOCK, "clock")


def rule_actor(group_id: uuid.UUID, name: str) -> Actor:
    """The rule of a dynamic group."""
    return Actor(rule_origin(group_id), Channel.RULE, f"rule of {name}")


def command_actor(name: str = "command line") -> Actor:
    """Somebody at the shell of the machine, with an administrator's rights."""
    return Actor(ADMIN_ORIGIN, Channel.COMMAND, name)


def scim_origin(client_id: uuid.UUID) -> str:
    """The origin of values written by this API client."""
    return f"scim:{client_id}"


def rule_origin(group_id: uuid.UUID) -> str:
    """The origin of the memberships that follow from the rule of this group."""
    return f"rule:{group_id}"


def file_origin(profile_name: str) -> str:
    """The origin of values written by imports of this profile."""
    return f"file:{profile_name}"
