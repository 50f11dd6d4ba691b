"""Why an object has an account on a system, or why not, and what happens next: from what the portal knows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from connectors.engine.budget import removal_budgets
from connectors.engine.claiming import dialect
from connectors.engine.decision import Answer, Decision, Problem, Step
from connectors.engine.gather import Gatherer, resolved
from connectors.engine.obstacles import Obstacle, system_gates
from connectors.engine.reads import decided
from connectors.engine.situation import Situation, Verdict
from connectors.engine.subjects import load_subjects
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import Misconfigured
from connectors.vocabulary import OperationState
from identities.vocabulary import ObjectType

_UNDER_WAY = (OperationState.WAITING, OperationState.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One object on one system.

    Attributes:
        decision: what would be done now, without asking the system, and why.
        link: what ties the two, if they ever met.
        last_operation: the latest that came to an end or waits for a person.
        pending: the one that waits or is in flight.
        next_attempt: when the pending one is due; None without one, or while a gate is shut.
        system_gates: what may keep the system from being called, whether it does or not.
        situation: what the decision rests on; None where the system's configuration does not let it be gathered.
    """

    system: ConnectedSystem
    decision: Decision
    link: Link | None
    last_operation: Operation | None
    pending: Operation | None
    next_attempt: datetime | None
    system_gates: tuple[Obstacle, ...]
    situation: Situation | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """What keeps the system from being called now, in words."""
        return tuple(gate.text for gate in self.system_gates if gate.applies)

    @property
    def hold(self) -> Operation | None:
        """The removal that the brake holds back, if there is one."""
        last = self.last_operation
        return last if last is not None and last.state == OperationState.HELD else None


def explain(object_type: ObjectType, object_id: UUID, system: ConnectedSystem) -> Explanation:
    """Explain one object on one system; members of a group are compared."""
    return next(_explanations(object_type, object_id, [system], compare_members=True))


def explain_everywhere(
    object_type: ObjectType, object_id: UUID, systems: Sequence[ConnectedSystem] | None = None
) -> list[Explanation]:
    """Explain one object on several systems, all by default, in a number of queries that does not grow with theirs.

    Args:
        systems: with `mappings`, `scope_groups` and `scope_org_units` prefetched, or each costs three queries.
    """
    if systems is None:
        prefetched = ("mappings", "scope_groups", "scope_org_units")
        systems = list(ConnectedSystem.objects.order_by("name").prefetch_related(*prefetched))
    return list(_explanations(object_type, object_id, systems, compare_members=False))


def _explanations(
    object_type: ObjectType, object_id: UUID, systems: Sequence[ConnectedSystem], *, compare_members: bool
) -> Iterator[Explanation]:
    now = dialect().now()
    subject = load_subjects(object_type, [object_id]).get(object_id)
    found: Any = Link.objects.filter(object_type=object_type, object_id=object_id)
    links: dict[UUID, Link] = {each.system_id: each for each in found}
    referred = {each for each in (subject.manager_id, subject.parent_id) if each} if subject else ()
    references = resolved(systems, referred)
    budgets = removal_budgets(systems, now)
    operations = _operations(object_type, object_id)
    for system in systems:
        link, (last, pending) = links.get(system.id), operations.get(system.id, (None, None))
        situation: Situation | None = None
        try:
            gatherer = Gatherer(system, object_type, now=now)
            situation = gatherer.situation(object_id, subject, link, references[system.id], budgets[system.id])
            if situation.object.deleted:
                situation = replace(situation, below=gatherer.below(situation))
            if compare_members:
                situation = gatherer.with_members(situation, link)
            situation, decision = decided(gatherer, situation, None)
        except Misconfigured as error:
            decision = _undecidable(error)
        gates = system_gates(system, now)
        is_shut = any(gate.applies for gate in gates)
        due_at = pending.due_at if pending is not None and not is_shut else None
        yield Explanation(system, decision, link, last, pending, due_at, gates, situation)


def _undecidable(error: Misconfigured) -> Decision:
    problem = Problem("misconfigured", error.message)
    step = Step("system", "Can it be decided?", Answer.NO, error.message)
    return Decision(Verdict.WAIT, steps=(step,), problem=problem)


def _operations(object_type: ObjectType, object_id: UUID) -> dict[UUID, tuple[Operation | None, Operation | None]]:
    """By system, the latest operation that is over or waits for a person, and the one that is under way."""
    of_object = Operation.objects.filter(object_type=object_type, object_id=object_id)
    over = of_object.exclude(state__in=(*_UNDER_WAY, OperationState.SUPERSEDED))
    last, pending = _latest(over), _latest(of_object.filter(state__in=_UNDER_WAY))
    return {system_id: (last.get(system_id), pending.get(system_id)) for system_id in {*last, *pending}}


def _latest(operations: "QuerySet[Operation]") -> dict[UUID, Operation]:
    newest = operations.order_by().values("system").annotate(newest=Max("pk")).values("newest")
    found: Any = Operation.objects.filter(pk__in=newest)
    return {each.system_id: each for each in found}
