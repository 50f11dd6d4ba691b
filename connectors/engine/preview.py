"""Seeing what would be done before it is: for one object with reads, for everybody without."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from connectors.engine import scope
from connectors.engine.budget import removal_budget
from connectors.engine.claiming import dialect
from connectors.engine.decision import Decision
from connectors.engine.gather import Gatherer
from connectors.engine.guarded_connector import GuardedConnector
from connectors.engine.reads import decided
from connectors.engine.session import session
from connectors.engine.situation import REMOVALS, Situation, Verdict
from connectors.engine.subject_rows import WITHOUT_ROW, rows_of
from connectors.models import ConnectedSystem, Link
from connectors.vocabulary import LinkState, SystemState
from identities.vocabulary import ObjectType

CHUNK = 2000
SAMPLES = 20
_UNREMARKABLE = (Verdict.NOTHING, Verdict.LEAVE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One object of a push and what would be done with it."""

    object_type: ObjectType
    object_id: UUID
    name: str
    decision: Decision


@dataclass(slots=True)
class PushCounts:
    """What a push would do, from what is known; the removals beyond the brake count as held.

    Attributes:
        samples: a few objects for each verdict.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    samples: dict[Verdict, list[Sample]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many objects were looked at."""
        return self.counts.total()

    def picked(self, limit: int = SAMPLES) -> list[Sample]:
        """Up to `limit` samples, one of each verdict in turn, those of which nothing would be done last."""
        kinds = sorted(self.samples, key=lambda verdict: (verdict in _UNREMARKABLE, list(Verdict).index(verdict)))
        turns = (
            [self.samples[kind][turn] for kind in kinds if turn < len(self.samples[kind])] for turn in range(limit)
        )
        return list(islice((sample for turn in turns for sample in turn), limit))

    def add(self, sample: Sample) -> None:
        """Count one more."""
        verdict = sample.decision.verdict
        self.counts[verdict] += 1
        shown = self.samples.setdefault(verdict, [])
        if len(shown) < SAMPLES:
            shown.append(sample)


def preview(system: ConnectedSystem, object_type: ObjectType, object_id: UUID, *, read: bool = True) -> Decision:
    """What would be done with one object if the system ran. Reads, where allowed, and writes nothing.

    Raises:
        ConnectorError, Defect: the system cannot be read, or is not configured well.
    """
    if not read:
        gatherer = Gatherer(system, object_type, now=dialect().now())
        return _previewed(gatherer, gatherer.one(object_id), None)
    with session(system) as opened:
        gatherer = Gatherer(system, object_type, now=dialect().now(), schema=opened.schema(), may_read=True)
        return _previewed(gatherer, gatherer.one(object_id), opened.connector)


def count_push(system: ConnectedSystem) -> PushCounts:
    """What a push would do with everybody it is about, without remote reads, in bounded memory.

    Raises:
        Misconfigured: the system's scope filter cannot be read any more.
    """
    found, now = PushCounts(), dialect().now()
    budget = removal_budget(system, now)
    for object_type in ObjectType:
        gatherer: Gatherer | None = None
        for ids in _concerned(system, object_type):
            gatherer = gatherer or Gatherer(system, object_type, now=now)
            for situation in gatherer.many(ids, budget):
                decision = _previewed(gatherer, replace(situation, budget=budget), None)
                if decision.verdict in REMOVALS:
                    budget = replace(budget, removed=budget.removed + 1)
                item = situation.object
                found.add(Sample(object_type, item.id, item.name, decision))
    return found


def _previewed(gatherer: Gatherer, situation: Situation, connector: GuardedConnector | None) -> Decision:
    running = situation.system
    if running.state is SystemState.PAUSED:
        running = replace(running, state=SystemState.RUNNING)
    return decided(gatherer, replace(situation, system=running), connector)[1]


def _concerned(system: ConnectedSystem, object_type: ObjectType) -> Iterator[list[UUID]]:
    """The ids of everybody in scope or linked, in chunks; of the linked ones also those that have no row any more."""
    links = Link.objects.filter(system=system, object_type=object_type).exclude(state=LinkState.REMOVED)
    linked = Exists(links.filter(object_id=OuterRef("pk")))
    objects = rows_of(object_type).filter(linked | Q(pk__in=scope.of_type(system, object_type).order_by().values("pk")))
    yield from _chunks(objects, "pk")
    yield from _chunks(links.filter(WITHOUT_ROW), "object_id")


def _chunks(rows: Any, column: str) -> Iterator[list[UUID]]:
    """The ids in `column`, each chunk after what came last, so that no cursor stays open while decisions are made."""
    ids = rows.order_by(column).values_list(column, flat=True)
    rest = ids
    while chunk := list(rest[:CHUNK]):
        yield chunk
        if len(chunk) < CHUNK:
            return
        rest = ids.filter(**{f"{column}__gt": chunk[-1]})
