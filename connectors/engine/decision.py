"""What a decision says: its steps, its verdict, and the exact difference to write; or what it still needs to know."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from connectors.engine.situation import Criterion, Hit, MembershipDelta, Verdict
from connectors.spi import Attributes, Delta, RemoteObject
from connectors.vocabulary import Settlement


class Answer(StrEnum):
    """How a step came out."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning, for a person to read.

    Attributes:
        code: stable word for programs. title: the question. text: the answer in words. facts: values worth showing,
            secrets masked.
        depth: below which step it stands (the clauses of a scope).
    """

    code: str
    title: str
    outcome: Answer
    text: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    depth: int = 0


class Need(StrEnum):
    """What a decision can ask for: the linked remote object, a search for the account, references of other objects."""

    READ = "read"
    SEARCH = "search"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be found out before it can be decided.

    Attributes:
        criteria: attributes and values, any of which finds the account.
        references: our objects whose remote reference is wanted.
    """

    kind: Need
    criteria: tuple[Criterion, ...] = ()
    references: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the object cannot be brought to its desired state before a person changes something."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why.

    Attributes:
        target: the remote object it is about, as far as it was read. remote_id: its id.
        attributes, enabled: what to create.
        delta: what to change; before: what that replaces.
        members: members to add and remove.
        desired: the attributes the object should have, for remembering. correlation_key: what it is recognised by.
        waiting_for: references that cannot be resolved yet. below: what has to leave the org unit first.
        intended: what would be done, were it not to wait or to be held.
        problem: what a person has to mend first.
        candidates: the accounts a dispute is about.
        takes_over: the account to adopt was there before us.
        ends_link: the tie ends with this. settlement: what is settled by this.
        is_partial: there is more to do afterwards; decide again.
        is_assumed: it rests on what was last known, not on a fresh read.
    """

    verdict: Verdict
    steps: tuple[Step, ...] = ()
    target: RemoteObject | None = None
    remote_id: str | None = None
    attributes: Attributes = field(default_factory=dict)
    enabled: bool | None = None
    delta: Delta = field(default_factory=Delta)
    before: Attributes = field(default_factory=dict)
    members: MembershipDelta = field(default_factory=MembershipDelta)
    desired: Attributes = field(default_factory=dict)
    correlation_key: str = ""
    waiting_for: int = 0
    below: int = 0
    intended: Verdict | None = None
    problem: Problem | None = None
    candidates: tuple[Hit, ...] = ()
    takes_over: bool = False
    ends_link: bool = False
    settlement: Settlement = Settlement.NONE
    is_partial: bool = False
    is_assumed: bool = False
