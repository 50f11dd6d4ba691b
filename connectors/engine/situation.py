"""All that a decision needs to know about one object on one system, gathered and frozen.

Plain values, no models: `gather` makes them, `decide` reads them, tests write them by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from connectors.engine.limits import RemovalBudget
from connectors.spi import Attributes, Capabilities, ObjectClass, ObjectSchema, RemoteObject
from connectors.vocabulary import AdoptionPolicy, GonePolicy, LinkState, RemovalPolicy, Settlement, SystemState
from identities.mapping import MappingRow
from identities.vocabulary import ObjectType


class Verdict(StrEnum):
    """What is to be done with one object on one system.

    create, adopt, update, enable, disable and delete write to the system. recreate: a create in place of an account
    that was deleted there.
    accept_gone: its loss is accepted. unlink: the tie is cut, the account stays. nothing: all is as it should be.
    leave: the account is not touched, although it is not as it should be. wait: something else comes first. dispute:
    the name is taken by an account that is not ours. hold: the removal brake stopped it.
    """

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    UNLINK = "unlink"
    NOTHING = "nothing"
    LEAVE = "leave"
    WAIT = "wait"
    DISPUTE = "dispute"
    HOLD = "hold"
    RECREATE = "recreate"
    ACCEPT_GONE = "accept_gone"


REMOVALS = frozenset({Verdict.DISABLE, Verdict.DELETE})
CREATES = frozenset({Verdict.CREATE, Verdict.RECREATE})
WRITES = REMOVALS | CREATES | {Verdict.ADOPT, Verdict.UPDATE, Verdict.ENABLE}


@dataclass(frozen=True, slots=True)
class SystemView:
    """One connected system as far as it concerns objects of one type.

    Attributes:
        correlation_attribute: the remote attribute an account is recognised by. marker_attribute: the one that can hold
            our id.
        schema: what the system can hold; None while it was never read.
        unavailable: why its connector cannot be used; empty when it can.
        provisioned: whether objects of this type are provisioned at all.
        deletion_policy: what becomes of the accounts while the system is being deleted.
    """

    id: UUID
    name: str
    state: SystemState = SystemState.RUNNING
    capabilities: Capabilities = field(default_factory=Capabilities)
    schema: ObjectSchema | None = None
    mappings: tuple[MappingRow, ...] = ()
    correlation_attribute: str = ""
    marker_attribute: str | None = None
    adoption_policy: AdoptionPolicy = AdoptionPolicy.ASK
    when_inactive: RemovalPolicy = RemovalPolicy.DISABLE
    when_out_of_scope: RemovalPolicy = RemovalPolicy.DISABLE
    when_deleted: RemovalPolicy = RemovalPolicy.DELETE
    when_gone: GonePolicy = GonePolicy.RECREATE
    deletion_policy: RemovalPolicy = RemovalPolicy.LEAVE
    provisioned: bool = True
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class ScopeClause:
    """One part of a scope and whether it holds; `depth` says below which clause it stands. None: it cannot be told."""

    text: str
    holds: bool | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class ScopeView:
    """Whether an object belongs in a system, clause by clause."""

    matches: bool
    clauses: tuple[ScopeClause, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectView:
    """An identity object as mappings and policies see it.

    Attributes:
        document: what mapping expressions see.
        active: whether its account should be usable; always true for groups and org units.
        deleted: deleted, or not there any more.
        condition: why it is not active, in words (`staged`, `suspended by admin`, ...).
        parent_id: the org unit it lies in.
        held_as: its class in the system, where it is not the one called like its type.
    """

    type: ObjectType
    id: UUID
    name: str
    document: Mapping[str, Any] = field(default_factory=dict)
    active: bool = True
    deleted: bool = False
    condition: str = ""
    scope: ScopeView = ScopeView(matches=True)
    version: int = 0
    parent_id: UUID | None = None
    held_as: ObjectClass | None = None

    @property
    def object_class(self) -> ObjectClass:
        """Its class in the system."""
        return self.held_as or ObjectClass(self.type.value)


@dataclass(frozen=True, slots=True)
class LinkView:
    """What is remembered of the object on this system (see `connectors.models.Link`).

    Attributes:
        fingerprints: of values that are not kept. rewritten: of values that were written, and of which the system made
            the one in `known`.
    """

    state: LinkState = LinkState.PENDING
    remote_id: str | None = None
    reference: str = ""
    remote_name: str = ""
    enabled: bool | None = None
    known: Attributes = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    rewritten: Mapping[str, str] = field(default_factory=dict)
    correlation_key: str = ""
    create_intent_key: str = ""
    create_intent_at: datetime | None = None
    unresolved: int = 0
    settlement: Settlement = Settlement.NONE

    @property
    def is_linked(self) -> bool:
        """Whether a remote object is tied to ours."""
        return self.state is LinkState.LINKED and self.remote_id is not None


class RemoteState(StrEnum):
    """What is known of the linked remote object in this round."""

    UNKNOWN = "unknown"
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class RemoteView:
    """The linked remote object: not read, read, or read and not there."""

    state: RemoteState = RemoteState.UNKNOWN
    object: RemoteObject | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A remote object that a search brought up.

    Attributes:
        linked_to: name of the other object of ours it is linked to.
        marked_for: name of the other object of ours whose id it carries.
    """

    remote: RemoteObject
    linked_to: str = ""
    marked_for: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """An attribute and the value by which an account is looked for.

    Attributes:
        within: the reference of the object it has to lie in, empty for the top; None where that does not matter.
    """

    attribute: str
    value: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search for the account of an object: what was looked for, and everything that came back, unverified.

    `taken` says that the system refused a create because the name is there already. `began_at`: whatever became of our
    links since then is not in it.
    """

    criteria: tuple[Criterion, ...]
    hits: tuple[Hit, ...] = ()
    taken: bool = False
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One member to add to or remove from a remote group, by the reference the system knows it by.

    `is_shared`: another member has this reference by now (somebody new got the name), so that it is only forgotten.
    `present`: of a member to remove, the reference its account has by now. A directory that follows renames itself
    holds the member under that one; empty where another member has it.
    """

    link_id: int
    reference: str
    name: str = ""
    is_shared: bool = False
    present: str = ""


@dataclass(frozen=True, slots=True)
class MembershipDelta:
    """The difference between the members a group should have there and those known to be there, never the whole set.

    Attributes:
        pending: members whose account is still being made.
        more: whether the group lacks more than stands here, so that it is to be converged again.
        differs: that there is a difference is known, but not which.
    """

    add: tuple[MemberChange, ...] = ()
    remove: tuple[MemberChange, ...] = ()
    pending: int = 0
    more: bool = False
    differs: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be written."""
        return not (self.add or self.remove or self.differs)


@dataclass(frozen=True, slots=True)
class Situation:
    """One object on one system at one moment.

    Attributes:
        link: None when the two never met.
        search: None while none was made.
        members: None where a group's members were not compared.
        below: how many accounts of ours lie in the remote org unit that is to go.
        references: remote references of objects of ours that were asked for; None where one has no account there.
        released: a person let the removal at hand through the brake.
        may_read: whether the decision may ask for remote reads; screens decide without.
    """

    system: SystemView
    object: ObjectView
    now: datetime
    link: LinkView | None = None
    remote: RemoteView = RemoteView()
    search: Search | None = None
    references: Mapping[UUID, str | None] = field(default_factory=dict)
    members: MembershipDelta | None = field(default_factory=MembershipDelta)
    below: int = 0
    budget: RemovalBudget = field(default_factory=RemovalBudget)
    released: bool = False
    may_read: bool = True
