"""The ways a directory can say that an account is disabled, one class each."""

from dataclasses import dataclass

import ldap

from connectors.catalog.ldap.configuration import DisableBy, LdapConfiguration
from connectors.catalog.ldap.names import is_below
from connectors.catalog.ldap.session import Entry, Modification, Values
from connectors.spi import DisableStyle, Rejected

LOCKED_TIME = "pwdAccountLockedTime"
LOCKED_FOREVER = b"000001010000Z"
"""A lock that no policy lifts (draft-behera-ldap-password-policy section 5.3.3, slapo-ppolicy(5))."""


@dataclass(frozen=True)
class Enabling:
    """Removal: this directory knows no disabled account. The base of the ways that do.

    Attributes:
        attributes: what has to be read to know the state; belongs to the connector and to no mapping.
    """

    configuration: LdapConfiguration
    style = DisableStyle.REMOVAL
    attributes: tuple[str, ...] = ()

    def state(self, entry: Entry) -> bool | None:
        """Whether the account may be used."""
        return None

    def initial(self, *, enabled: bool) -> Values:
        """Values a new account starts with (raises Rejected: cannot be disabled)."""
        self.changes(enabled=enabled)
        return {}

    def changes(self, *, enabled: bool) -> list[Modification]:
        """Modifications that bring the account to this state, whatever it is in (raises Rejected)."""
        if not enabled:
            raise Rejected("This directory is configured to remove accounts, not to disable them.")
        return []

    def container(self, *, enabled: bool) -> str | None:
        """The container accounts of this state stand in, None when the state does not decide it."""
        return None


class LockByPolicy(Enabling):
    """A permanent lock of the password policy overlay, as slapo-ppolicy(5) describes it."""

    style = DisableStyle.NATIVE

    def state(self, entry: Entry) -> bool | None:
        """Enabled unless locked for good; a lock after wrong passwords passes by itself and is none of ours."""
        return LOCKED_FOREVER not in entry.values.get(LOCKED_TIME.lower(), [])

    def initial(self, *, enabled: bool) -> Values:
        """A disabled account is born locked."""
        return {} if enabled else {LOCKED_TIME: [LOCKED_FOREVER]}

    def changes(self, *, enabled: bool) -> list[Modification]:
        """Set the lock, or lift any lock."""
        return [(ldap.MOD_REPLACE, LOCKED_TIME, None if enabled else [LOCKED_FOREVER])]


class MarkByAttribute(Enabling):
    """An attribute with one value for enabled and one for disabled accounts."""

    style = DisableStyle.NATIVE

    def state(self, entry: Entry) -> bool | None:
        """Disabled only with the configured value, in any case."""
        found = entry.values.get(self.configuration.disable_attribute.lower(), [])
        disabled = self.configuration.disabled_value.casefold()
        return disabled not in (value.decode(errors="replace").casefold() for value in found)

    def initial(self, *, enabled: bool) -> Values:
        """The value of the state, if it has one."""
        return {name: values for _, name, values in self.changes(enabled=enabled) if values}

    def changes(self, *, enabled: bool) -> list[Modification]:
        """The value of the state in place of any other."""
        value = self.configuration.enabled_value if enabled else self.configuration.disabled_value
        return [(ldap.MOD_REPLACE, self.configuration.disable_attribute, [value.encode()] if value else None)]


class MoveToContainer(Enabling):
    """A container that disabled accounts are moved to."""

    style = DisableStyle.NATIVE

    def state(self, entry: Entry) -> bool | None:
        """Disabled while below the container."""
        return not is_below(entry.dn, self.configuration.disabled_dn)

    def initial(self, *, enabled: bool) -> Values:
        """Nothing: where it stands says it."""
        return {}

    def changes(self, *, enabled: bool) -> list[Modification]:
        """Nothing: where it stands says it."""
        return []

    def container(self, *, enabled: bool) -> str | None:
        """The users' container or that of the disabled."""
        return self.configuration.users_dn if enabled else self.configuration.disabled_dn


def enabling_of(configuration: LdapConfiguration) -> Enabling:
    """The way this directory disables accounts."""
    match configuration.disable_by:
        case DisableBy.PPOLICY:
            return LockByPolicy(configuration, (LOCKED_TIME,))
        case DisableBy.ATTRIBUTE:
            return MarkByAttribute(configuration, (configuration.disable_attribute,))
        case DisableBy.CONTAINER:
            return MoveToContainer(configuration)
        case DisableBy.REMOVAL:
            return Enabling(configuration)
