"""The engine's words (see the glossary in docs/architecture.md)."""

from enum import IntEnum, StrEnum


class SystemState(StrEnum):
    """Whether a connected system is written to."""

    PAUSED = "paused"
    RUNNING = "running"
    DELETING = "deleting"


class BreakerState(StrEnum):
    """Open: no call is made until a probe succeeds. Half-open: one probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Lane(IntEnum):
    """In which order work is claimed: removals first."""

    REMOVAL = 0
    INTERACTIVE = 1
    BULK = 2
    RECONCILE = 3


class OperationState(StrEnum):
    """Where an operation stands.

    waiting and in_flight are open; failed, disputed and held wait for a person; the rest is history.
    """

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    FAILED = "failed"
    DISPUTED = "disputed"
    HELD = "held"
    DONE = "done"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


WAITS_FOR_A_PERSON = (OperationState.FAILED, OperationState.DISPUTED, OperationState.HELD)
OPEN = (OperationState.WAITING, OperationState.IN_FLIGHT, *WAITS_FOR_A_PERSON)


class LinkState(StrEnum):
    """How an identity object stands on a system.

    pending: no remote object known yet; linked; disputed: the name is taken by an account that is not ours; removed:
        there was one, it
    was deleted or released.
    """

    PENDING = "pending"
    LINKED = "linked"
    DISPUTED = "disputed"
    REMOVED = "removed"


class Settlement(StrEnum):
    """What a person or a policy settled about a link, so that the engine does not undo it at the next change.

    kept: a removal was rejected, the account stays as it is. gone: the account was deleted in the system and that was
        accepted.
    """

    NONE = ""
    KEPT = "kept"
    GONE = "gone"


class AdoptionPolicy(StrEnum):
    """What happens with an account that is already there and carries no mark of ours."""

    NEVER = "never"
    EXACT_KEY = "exact_key"
    ASK = "ask"


class RemovalPolicy(StrEnum):
    """What happens to an account that has no reason to exist or to be enabled any more."""

    DISABLE = "disable"
    DELETE = "delete"
    LEAVE = "leave"


class GonePolicy(StrEnum):
    """What happens when an account that should exist was deleted in the system."""

    RECREATE = "recreate"
    ACCEPT = "accept"


class OrgUnitProvisioning(StrEnum):
    """Whether and as what a system holds the org structure."""

    NONE = "none"
    UNITS = "units"
    GROUPS = "groups"


class ImportContent(StrEnum):
    """What the rows of a file of an import profile are."""

    PEOPLE = "people"
    ORG_UNITS = "org_units"
    GROUPS = "groups"
    MEMBERSHIPS = "memberships"


class RunKind(StrEnum):
    """One pass over many objects. An undo takes back what an import wrote."""

    IMPORT = "import"
    UNDO = "undo"
    PUSH = "push"
    PREVIEW = "preview"
    REMOVAL = "removal"


class RunState(StrEnum):
    """Where a run stands. planned waits for a person to apply it."""

    WAITING = "waiting"
    STAGING = "staging"
    PLANNED = "planned"
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RowState(StrEnum):
    """Where a staged row stands.

    disable: a person who is missing from a complete file is suspended by it. withdrawn: so is a membership that is
        missing; lift, deprovision and close take back what an import did: a suspension, a person, a group or org unit.
    skipped: somebody chose other rows, or cancelled before this one was applied.
    """

    STAGED = "staged"
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DISABLE = "disable"
    WITHDRAWN = "withdrawn"
    LIFT = "lift"
    DEPROVISION = "deprovision"
    CLOSE = "close"
    PROBLEM = "problem"
    APPLIED = "applied"
    REFUSED = "refused"
    SKIPPED = "skipped"


PLANNED_CHANGES = (
    RowState.CREATE,
    RowState.UPDATE,
    RowState.DISABLE,
    RowState.WITHDRAWN,
    RowState.LIFT,
    RowState.DEPROVISION,
    RowState.CLOSE,
)


class SystemVerb(StrEnum):
    """What the audit trail says happened to connected systems, their links, operations and runs."""

    SYSTEM_CREATED = "system.created"
    SYSTEM_CHANGED = "system.changed"
    SYSTEM_SECRETS_ROTATED = "system.secrets_rotated"
    SYSTEM_TESTED = "system.tested"
    SYSTEM_DISCOVERED = "system.discovered"
    SYSTEM_RESUMED = "system.resumed"
    SYSTEM_PAUSED = "system.paused"
    SYSTEM_PUSHED = "system.pushed"
    SYSTEM_DELETION_STARTED = "system.deletion_started"
    SYSTEM_DELETED = "system.deleted"
    MAPPINGS_CHANGED = "mappings.changed"
    OPERATION_ASKED_FOR = "operation.asked_for"
    OPERATION_RETRIED = "operation.retried"
    OPERATION_SKIPPED = "operation.skipped"
    OPERATION_CANCELLED = "operation.cancelled"
    HOLD_RELEASED = "hold.released"
    HOLD_REJECTED = "hold.rejected"
    LINK_CUT = "link.cut"
    LINK_MATCHED = "link.matched"
    RUN_CANCELLED = "run.cancelled"
