"""The words of the product, each with its one spelling (see the glossary in docs/architecture.md)."""

from enum import StrEnum
from typing import Final


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
    ORG_UNIT = "org_unit"


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
    RULE = "rule"
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
    VERIFIED_EMAIL = "verified_email"


class ClientSight(StrEnum):
    """Whom an API client sees. Whom it may write is another matter: its own and those it may adopt."""

    OWN = "own"
    EVERYBODY = "everybody"


class ClientScope(StrEnum):
    """What an API client may do."""

    READ = "read"
    WRITE_USERS = "write_users"
    WRITE_GROUPS = "write_groups"
    READ_ORG_UNITS = "read_org_units"
    WRITE_ORG_UNITS = "write_org_units"
    IMPORT = "import"


# What a client may do unless somebody says otherwise. Org units are one structure for all, and a file may change
# everybody, so neither is among it.
USUAL_SCOPES: Final = (ClientScope.READ, ClientScope.WRITE_USERS, ClientScope.WRITE_GROUPS)


class PayloadKeeping(StrEnum):
    """Of which requests of an API client the log keeps what was sent."""

    NEVER = "never"
    REFUSED = "refused"
    ALWAYS = "always"


class SelfTestState(StrEnum):
    """How far a self-test of the SCIM service is. `failed`: the test itself, not what it looked at."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Consumer(StrEnum):
    """Who is told of change events. A delivery row is written for each."""

    CONNECTORS = "connectors"
    RULES = "rules"


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


class AttributeMutability(StrEnum):
    """When a custom attribute may be written (RFC 7643 section 7). None is writeOnly: the portal shows all values."""

    READ_WRITE = "readWrite"
    READ_ONLY = "readOnly"
    IMMUTABLE = "immutable"


class AttributeUniqueness(StrEnum):
    """Whether two people may have the same value of a custom attribute (RFC 7643 section 7)."""

    NONE = "none"
    SERVER = "server"


class Verb(StrEnum):
    """What the audit trail says happened. Every action has its own; the engine adds its own beside these."""

    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_VALUE_OVERRIDDEN = "user.value_overridden"
    USER_OWNERSHIP_RELEASED = "user.ownership_released"
    USER_SUSPENDED = "user.suspended"
    USER_SUSPENSION_LIFTED = "user.suspension_lifted"
    USER_ACTIVATED = "user.activated"
    USER_DEPROVISIONED = "user.deprovisioned"
    USER_DELETED = "user.deleted"
    USER_RESTORED = "user.restored"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105  a verb, not a password
    USER_SIGNED_IN = "user.signed_in"
    USER_SIGN_IN_FAILED = "user.sign_in_failed"
    USER_SECOND_FACTOR_ADDED = "user.second_factor_added"
    USER_SECOND_FACTOR_REMOVED = "user.second_factor_removed"
    USER_SECOND_FACTOR_RENEWED = "user.second_factor_renewed"
    USER_SECOND_FACTOR_ROTATED = "user.second_factor_rotated"
    USER_ADDRESS_PROVED = "user.address_proved"
    USER_ADDRESS_REMOVED = "user.address_removed"
    USER_ROLE_CHANGED = "user.role_changed"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_RULE_CHANGED = "group.rule_changed"
    GROUP_DELETED = "group.deleted"
    GROUP_RESTORED = "group.restored"
    GROUP_MEMBERS_ADDED = "group.members_added"
    GROUP_MEMBERS_REMOVED = "group.members_removed"
    GROUP_MEMBERS_REPLACED = "group.members_replaced"
    ORG_UNIT_CREATED = "org_unit.created"
    ORG_UNIT_CHANGED = "org_unit.changed"
    ORG_UNIT_MOVED = "org_unit.moved"
    ORG_UNIT_DELETED = "org_unit.deleted"
    ATTRIBUTE_CREATED = "attribute.created"
    ATTRIBUTE_CHANGED = "attribute.changed"
    ATTRIBUTE_DELETED = "attribute.deleted"
    CLIENT_CREATED = "client.created"
    CLIENT_CHANGED = "client.changed"
    TOKEN_ISSUED = "token.issued"  # noqa: S105  a verb, not a token
    TOKEN_REVOKED = "token.revoked"  # noqa: S105  a verb, not a token
    CREDENTIALS_ISSUED = "credentials.issued"
    CREDENTIALS_REVOKED = "credentials.revoked"
    PERSON_TOKEN_ISSUED = "person_token.issued"  # noqa: S105  a verb, not a token
    PERSON_TOKEN_REVOKED = "person_token.revoked"  # noqa: S105  a verb, not a token
    ASSOCIATION_CREATED = "association.created"
    ASSOCIATION_CHANGED = "association.changed"
    ASSOCIATION_DROPPED = "association.dropped"
    ASSOCIATION_ADOPTED = "association.adopted"
    REQUEST_TRIED = "request.tried"
    SELF_TEST_STARTED = "self_test.started"
    SELF_TEST_FINISHED = "self_test.finished"
    ROLES_CHANGED = "roles.changed"
    AUDIT_ERASED = "audit.erased"
    PROFILE_CREATED = "profile.created"
    PROFILE_CHANGED = "profile.changed"
    PROFILE_DELETED = "profile.deleted"
    IMPORT_STARTED = "import.started"
    IMPORT_APPLIED = "import.applied"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_UNDO_STARTED = "import.undo_started"
