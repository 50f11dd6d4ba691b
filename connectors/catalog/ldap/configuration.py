"""The typed configuration of the LDAP connector."""

from enum import StrEnum
from typing import Self

import ldap.dn
from pydantic import field_validator, model_validator

from connectors.catalog.ldap.names import joined, same_dn
from connectors.spi import Configuration, setting


class Security(StrEnum):
    """How the connection is protected. PLAIN sends the password readable: for tests and closed networks only."""

    LDAPS = "ldaps"
    STARTTLS = "starttls"
    PLAIN = "plain"


class DisableBy(StrEnum):
    """What a disabled account looks like in this directory."""

    PPOLICY = "ppolicy"
    ATTRIBUTE = "attribute"
    CONTAINER = "container"
    REMOVAL = "removal"


_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9-]*$"
_OPTIONAL_ATTRIBUTE = r"^([A-Za-z][A-Za-z0-9-]*)?$"
_DN_FIELDS = (
    "bind_dn",
    "base_dn",
    "user_container",
    "group_container",
    "org_unit_container",
    "disabled_container",
    "placeholder_member",
)


class LdapConfiguration(Configuration):
    """One directory: where it is, who we are there, where and how people and groups are kept."""

    host: str = setting(title="Host", help="Name the server's certificate is made for.", host=True, min_length=1)
    port: int = setting(636, title="Port", help="Usually 636 for LDAPS, 389 for StartTLS.", host=True, ge=1, le=65535)
    security: Security = setting(
        Security.LDAPS,
        title="Encryption",
        help="Without it the password is readable on the network.",
        host=True,
        options={"ldaps": "LDAPS: from the first byte", "starttls": "StartTLS: asked for at once", "plain": "none"},
    )
    ca_certificate: str = setting(
        "", title="CA certificate", help="PEM. Empty: the authorities this machine trusts.", multiline=True
    )
    bind_dn: str = setting(title="Bind DN", help="The account the portal works as.", min_length=1)
    bind_password: str = setting(title="Password", secret=True, min_length=1)

    base_dn: str = setting(
        "",
        title="Base DN",
        help="Empty: Discover proposes one the directory announces.",
        group="Containers",
        discovered=True,
        needed=True,
    )
    user_container: str = setting(
        "ou=people", title="Users", help="DN, relative to the base DN or whole.", group="Containers", discovered=True
    )
    group_container: str = setting(
        "ou=groups", title="Groups", help="Empty: groups are left alone.", group="Containers", discovered=True
    )
    org_unit_container: str = setting(
        "", title="Org units", help="Empty: org units are left alone.", group="Containers", discovered=True
    )
    place_people_by_org_unit: bool = setting(
        default=False,
        title="People stand in their org unit",
        help="Else they stand in the users' container, where they also wait for a unit that is not there yet.",
        group="Containers",
    )

    user_object_classes: tuple[str, ...] = setting(
        ("inetOrgPerson",), title="Classes of users", group="Users", discovered=True, min_length=1
    )
    user_search_classes: tuple[str, ...] = setting(
        (), title="Classes searched for", help="Empty: the classes above.", group="Users"
    )
    user_rdn_attribute: str = setting(
        "uid",
        title="Naming attribute",
        help="The account's name: first part of its DN.",
        group="Users",
        pattern=_ATTRIBUTE,
    )
    marker_attribute: str = setting(
        "",
        title="Marker attribute",
        help="Holds the portal's id of the person, for instance employeeNumber. Empty: none.",
        group="Users",
        discovered=True,
        pattern=_OPTIONAL_ATTRIBUTE,
    )

    disable_by: DisableBy = setting(
        DisableBy.PPOLICY,
        title="Disabling",
        help="What a disabled account looks like.",
        group="Disabling",
        discovered=True,
        options={
            "ppolicy": "locked by the directory's password policy",
            "attribute": "an attribute has another value",
            "container": "moved to another container",
            "removal": "removed",
        },
    )
    disable_attribute: str = setting(
        "", title="Attribute", help="For disabling by attribute.", group="Disabling", pattern=_OPTIONAL_ATTRIBUTE
    )
    enabled_value: str = setting(
        "", title="Value when enabled", help="Empty: the attribute is absent.", group="Disabling"
    )
    disabled_value: str = setting("", title="Value when disabled", group="Disabling")
    disabled_container: str = setting(
        "", title="Container of the disabled", help="For disabling by container.", group="Disabling", discovered=True
    )

    group_object_class: str = setting(
        "groupOfNames", title="Class of groups", group="Groups", discovered=True, pattern=_ATTRIBUTE
    )
    group_rdn_attribute: str = setting("cn", title="Naming attribute", group="Groups", pattern=_ATTRIBUTE)
    nested_groups: bool = setting(
        default=True,
        title="Groups in groups",
        help="Else the members of inner groups stand in the outer one, as always in a posixGroup.",
        group="Groups",
    )
    gid_number_first: int = setting(
        0, title="First group number", help="For posixGroup; 0: a mapping gives gidNumber.", group="Groups", ge=0
    )
    gid_number_last: int = setting(0, title="Last group number", group="Groups", ge=0)
    placeholder_member: str = setting(
        "",
        title="Placeholder member",
        help="DN that stands in a group without members. Empty: the bind DN.",
        group="Groups",
    )

    page_size: int = setting(500, title="Page size", help="Most entries read at once.", group="Limits", ge=1, le=5000)

    @field_validator(*_DN_FIELDS)
    @classmethod
    def _is_dn(cls, value: str) -> str:
        if not ldap.dn.is_dn(value):
            raise ValueError("not a distinguished name, such as ou=people,dc=example,dc=org")
        return value

    @field_validator("user_object_classes", "user_search_classes")
    @classmethod
    def _are_class_names(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not all(value.isascii() and value.replace("-", "").isalnum() for value in values):
            raise ValueError("not names of object classes, such as inetOrgPerson")
        return values

    @model_validator(mode="after")
    def _disabling_is_complete(self) -> Self:
        if self.disable_by is DisableBy.ATTRIBUTE:
            if not self.disable_attribute or not self.disabled_value:
                raise ValueError("disabling by attribute needs disable_attribute and disabled_value")
            if self.enabled_value.lower() == self.disabled_value.lower():
                raise ValueError("enabled_value and disabled_value must differ")
        if self.disable_by is DisableBy.CONTAINER:
            if not self.disabled_container:
                raise ValueError("disabling by container needs disabled_container")
            if same_dn(self.disabled_dn, self.users_dn):
                raise ValueError("disabled_container must differ from user_container")
        return self

    @model_validator(mode="after")
    def _placing_is_possible(self) -> Self:
        if self.place_people_by_org_unit and not self.org_unit_container:
            raise ValueError("place_people_by_org_unit needs org_unit_container")
        if self.place_people_by_org_unit and self.disable_by is DisableBy.CONTAINER:
            raise ValueError("place_people_by_org_unit does not go with disabling by container")
        return self

    @model_validator(mode="after")
    def _posix_groups_are_possible(self) -> Self:
        if self.is_posix and self.user_rdn_attribute.lower() != "uid":
            raise ValueError("group_object_class posixGroup needs user_rdn_attribute uid: its members are user names")
        if self.gid_number_last < self.gid_number_first:
            raise ValueError("gid_number_last must not be below gid_number_first")
        return self

    @property
    def is_posix(self) -> bool:
        """Whether groups name their members by uid (RFC 2307 section 4)."""
        return self.group_object_class.lower() == "posixgroup"

    @property
    def allots_numbers(self) -> bool:
        """Whether new groups get a number of the configured range."""
        return self.is_posix and self.gid_number_last > 0

    @property
    def users_dn(self) -> str:
        """Whole DN of the users' container."""
        return joined(self.user_container, self.base_dn)

    @property
    def groups_dn(self) -> str:
        """Whole DN of the groups' container; meaningless while `has_groups` is false."""
        return joined(self.group_container, self.base_dn)

    @property
    def org_units_dn(self) -> str:
        """Whole DN of the container of the highest org units; meaningless while `has_org_units` is false."""
        return joined(self.org_unit_container, self.base_dn)

    @property
    def has_org_units(self) -> bool:
        """Whether org units are kept in this directory."""
        return bool(self.org_unit_container)

    @property
    def disabled_dn(self) -> str:
        """Whole DN of the disabled accounts' container, for disabling by container."""
        return joined(self.disabled_container, self.base_dn)

    @property
    def has_groups(self) -> bool:
        """Whether groups are kept in this directory."""
        return bool(self.group_container)

    @property
    def searched_classes(self) -> tuple[str, ...]:
        """The classes an entry must have to be taken for a user."""
        return self.user_search_classes or self.user_object_classes

    @property
    def placeholder_dn(self) -> str:
        """The member of a group that has none."""
        return self.placeholder_member or self.bind_dn
