"""What a worker holds while it converges one object, and how that ended.

A claim is a lease on one operation. It is committed before the first remote call, so that a worker that vanishes is noticed; every
write that follows is conditional on its fence, so that a worker that was given up cannot overwrite its successor.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from connectors.models.vocabulary import Lane
from identities.vocabulary import ObjectType


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one operation.

    Attributes:
        fence: counts the claims of the operation; whoever finishes must name the one it got.
        attempt: which attempt this is, the first being 1.
        released: a person let this removal through the brake.
        lease_until: when another worker may take over, in the database's time.
    """

    operation_id: int
    fence: int
    worker: str
    system_id: UUID
    object_type: ObjectType
    object_id: UUID
    lane: Lane
    attempt: int
    released: bool
    run_id: UUID | None
    lease_until: datetime


class Ending(StrEnum):
    """How converging ended.

    done: nothing is left to do, or only references that will ring again. retry, throttled, misconfigured: the operation waits for the
    system. failed, disputed, held, defect: it waits for a person.
    """

    DONE = "done"
    RETRY = "retry"
    THROTTLED = "throttled"
    MISCONFIGURED = "misconfigured"
    FAILED = "failed"
    DISPUTED = "disputed"
    HELD = "held"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What converging one object came to; `finish` writes it down.

    Attributes:
        verdict: the decision's verdict. steps: its explanation. difference: what was written, or was to be written.
        error_class: the SPI error's class in lower case (`transient`, `rejected`, ...), or `defect`; empty where there was none.
        retry_in: seconds until the next attempt (retry) or until the system may be spoken to again (throttled).
        held_verdict: the removal that the brake stopped.
        dependents: objects to converge on the same system because this one's link or reference changed.
    """

    ending: Ending
    verdict: str = ""
    steps: tuple[dict[str, Any], ...] = ()
    difference: dict[str, Any] = field(default_factory=dict)
    error_class: str = ""
    message: str = ""
    detail: str = ""
    retry_in: float | None = None
    held_verdict: str = ""
    dependents: tuple[tuple[ObjectType, UUID], ...] = ()
