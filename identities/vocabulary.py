"""The words of the product, each with its one spelling (see the glossary in docs/architecture.md)."""

from enum import StrEnum


class UserKind(StrEnum):
    """What a user is. Lists, counts, scopes and SCIM mean persons unless they say otherwise."""

    PERSON = "person"
    OPERATOR = "operator"
    SERVICE = "service"


class UserState(StrEnum):
    """Where a user stands in the lifecycle. Suspension and deletion are kept apart from it."""

    STAGED = "staged"
    ACTIVE = "active"
    DEPROVISIONED = "deprovisioned"
    PURGED = "purged"


class Role(StrEnum):
    """Administrator roles."""

    SUPERUSER = "superuser"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class ObjectType(StrEnum):
    """Identity objects that connected systems can hold."""

    USER = "user"
    GROUP = "group"


class GroupKind(StrEnum):
    """How a group gets its members. Dynamic groups are computed from a filter."""

    STATIC = "static"
    DYNAMIC = "dynamic"


class Channel(StrEnum):
    """Through which face an action came."""

    ADMIN = "admin"
    SELFSERVICE = "selfservice"
    SCIM = "scim"
    IMPORT = "import"
    CONNECTOR = "connector"
    CLOCK = "clock"
    COMMAND = "command"


class ClientProfile(StrEnum):
    """Which client an API client is, and so which deviations from the RFCs are tolerated."""

    RFC = "rfc"
    ENTRA = "entra"
    OKTA = "okta"


class AdoptionRule(StrEnum):
    """What an API client may do with a person who is already known to the portal."""

    REFUSE = "refuse"
    USER_NAME = "user_name"


class Consumer(StrEnum):
    """Who is told of change events. A delivery row is written for each."""

    CONNECTORS = "connectors"


class EventKind(StrEnum):
    """What a change event says."""

    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DELETED = "user.deleted"
    USER_RESTORED = "user.restored"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
    GROUP_RESTORED = "group.restored"
    MEMBERSHIP_CHANGED = "membership.changed"
    ORG_UNIT_CHANGED = "org_unit.changed"


class MappingKind(StrEnum):
    """Where a mapping row takes its value from."""

    DIRECT = "direct"
    CONSTANT = "constant"
    EXPRESSION = "expression"


class MappingApply(StrEnum):
    """When a mapping row writes."""

    ALWAYS = "always"
    ON_CREATE = "on_create"


class AttributeKind(StrEnum):
    """Types of a declared custom attribute (RFC 7643 section 2.3)."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE_TIME = "dateTime"
