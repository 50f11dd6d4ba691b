"""What can be set on the SCIM connector: the peer, how to sign in, and a named switch for each way peers deviate."""

from enum import StrEnum
from typing import Self

from pydantic import field_validator, model_validator

from connectors.spi import Configuration, DisableStyle, ObjectClass, setting


class Authentication(StrEnum):
    """How the portal proves who it is."""

    BEARER = "bearer"
    BASIC = "basic"


class WriteMethod(StrEnum):
    """How a change is written: as a difference, or as the whole object read before."""

    PATCH = "patch"
    PUT = "put"


class PatchStyle(StrEnum):
    """PATH: one operation per attribute, with its path. NO_PATH: one operation whose value holds all attributes."""

    PATH = "path"
    NO_PATH = "no_path"


class FilterSupport(StrEnum):
    """AUTO: filters are sent, and where the peer refuses one, its list is read instead."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


class MemberRemoval(StrEnum):
    """FILTER: `members[value eq "id"]`, as in RFC 7644. VALUE_LIST: path `members` with the members as value."""

    FILTER = "filter"
    VALUE_LIST = "value_list"


class ContentType(StrEnum):
    """The media type of requests."""

    SCIM = "application/scim+json"
    JSON = "application/json"


class DisableBy(StrEnum):
    """ACTIVE: the attribute `active` is set to false. REMOVAL: the peer knows no inactive account."""

    ACTIVE = "active"
    REMOVAL = "removal"


_PEER, _SIGN_IN, _DIALECT = "System", "Sign-in", "Dialect"


class ScimConfiguration(Configuration):
    """One SCIM peer. The dialect's defaults are what RFC 7644 says; `discover` proposes what the peer announces."""

    base_url: str = setting(
        title="Base URL",
        help="Where the peer's SCIM service begins, for example https://app.example.com/scim/v2.",
        group=_PEER,
        host=True,
        pattern=r"^https?://[^\s?#@]+$",
    )
    ca_certificate: str = setting(
        "",
        title="CA certificate",
        help="PEM text to trust instead of the public authorities; for peers with an authority of their own.",
        group=_PEER,
        multiline=True,
    )
    users_path: str = setting(
        "/Users", title="Path of users", group=_PEER, discovered=True, pattern=r"^/[A-Za-z0-9._~/-]+$"
    )
    groups_path: str = setting(
        "/Groups",
        title="Path of groups",
        help="Empty: the peer has no groups.",
        group=_PEER,
        discovered=True,
        pattern=r"^(/[A-Za-z0-9._~/-]+)?$",
    )
    authentication: Authentication = setting(
        Authentication.BEARER,
        title="Authentication",
        group=_SIGN_IN,
        discovered=True,
        options={"bearer": "bearer token", "basic": "user name and password"},
    )
    token: str = setting("", title="Bearer token", group=_SIGN_IN, secret=True)
    user_name: str = setting("", title="User name", group=_SIGN_IN)
    password: str = setting("", title="Password", group=_SIGN_IN, secret=True)

    update_with: WriteMethod = setting(
        WriteMethod.PATCH,
        title="Update objects with",
        group=_DIALECT,
        discovered=True,
        options={"patch": "PATCH: what differs", "put": "PUT: the whole object, for peers without PATCH"},
    )
    group_membership_with: WriteMethod = setting(
        WriteMethod.PATCH,
        title="Change members with",
        group=_DIALECT,
        discovered=True,
        options={"patch": "PATCH: who comes and goes", "put": "PUT: the whole list each time, slow for large groups"},
    )
    patch_style: PatchStyle = setting(
        PatchStyle.PATH,
        title="Style of PATCH",
        group=_DIALECT,
        options={"path": "an operation for each path", "no_path": "one operation without a path, as Okta sends it"},
    )
    capitalised_operations: bool = setting(
        default=False,
        title="Capitalised operations",
        help='"Add", "Replace", "Remove", for peers made for Microsoft Entra.',
        group=_DIALECT,
    )
    string_booleans: bool = setting(
        default=False,
        title="Booleans as text",
        help='"True" and "False" as text, for peers made for Microsoft Entra.',
        group=_DIALECT,
    )
    filter_supported: FilterSupport = setting(
        FilterSupport.AUTO,
        title="Filters",
        group=_DIALECT,
        discovered=True,
        options={
            "auto": "sent, and if one is refused, the whole list is read",
            "yes": "sent",
            "no": "not sent: the whole list is read, slow for many people",
        },
    )
    remove_members_by: MemberRemoval = setting(
        MemberRemoval.FILTER,
        title="Remove members by",
        group=_DIALECT,
        options={"filter": "a filter in the path", "value_list": "a list, for peers that do not understand the filter"},
    )
    members_per_request: int = setting(
        100, title="Members per request", help="The most members one PATCH carries.", group=_DIALECT, ge=1, le=10_000
    )
    page_size: int = setting(
        100, title="Page size", help="Objects asked for at once.", group=_DIALECT, ge=1, le=1000, discovered=True
    )
    content_type: ContentType = setting(
        ContentType.SCIM,
        title="Content type",
        group=_DIALECT,
        options={
            "application/scim+json": "application/scim+json",
            "application/json": "application/json, for peers that refuse the other",
        },
    )
    disable_by: DisableBy = setting(
        DisableBy.ACTIVE,
        title="Disable accounts by",
        group=_DIALECT,
        discovered=True,
        options={
            "active": "setting active to false",
            "removal": "deleting them, for peers without the attribute active",
        },
    )
    omit_external_id: bool = setting(
        default=False,
        title="Leave out externalId",
        help="For peers that refuse it. The portal then recognises its accounts by name alone.",
        group=_DIALECT,
    )
    nested_groups: bool = setting(
        default=False,
        title="Groups in groups",
        help="The peer takes groups as members of groups.",
        group=_DIALECT,
        discovered=True,
    )

    @field_validator("users_path", "groups_path")
    @classmethod
    def _below_the_base_url(cls, path: str) -> str:
        if {".", ".."} & set(path.split("/")):
            raise ValueError("the path must stay below the base URL")
        return path

    @model_validator(mode="after")
    def _complete_sign_in(self) -> Self:
        if self.authentication is Authentication.BEARER and not self.token:
            raise ValueError("token is needed for bearer authentication")
        if self.authentication is Authentication.BASIC and not (self.user_name and self.password):
            raise ValueError("user_name and password are needed for basic authentication")
        if ":" in self.user_name:
            raise ValueError("user_name must not hold a colon (RFC 7617)")
        return self

    def path(self, object_class: ObjectClass) -> str:
        """Where objects of this class are found below the base URL."""
        return self.users_path if object_class is ObjectClass.USER else self.groups_path

    @property
    def classes(self) -> tuple[ObjectClass, ...]:
        """The classes of objects the peer is used for."""
        return tuple(each for each in (ObjectClass.USER, ObjectClass.GROUP) if self.path(each))

    @property
    def disable_style(self) -> DisableStyle:
        """How `enabled=False` is carried out."""
        return DisableStyle.NATIVE if self.disable_by is DisableBy.ACTIVE else DisableStyle.REMOVAL
