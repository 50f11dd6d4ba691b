"""From change events to operations: everybody an event can touch, on every system that has to do with them."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from connectors.engine import scope
from connectors.engine.claiming import dialect
from connectors.engine.expansion import Affected, expand
from connectors.engine.queue import CHUNK, Request, chunks, enqueue_purged, enqueue_selected
from connectors.engine.subject_rows import rows_of
from connectors.engine.system_view import capabilities_of, order_of
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import Lane, LinkState, OperationState, OrgUnitProvisioning, SystemState
from identities.consumers.deliveries import BATCH, Claims
from identities.errors import IdentityError
from identities.models import ChangeEvent, Delivery
from identities.vocabulary import Consumer, EventKind, ObjectType

logger = logging.getLogger(__name__)

ATTEMPTS = 3

CROWD = 50
"""More changes than this by one act are worked on behind what single people do."""


_claims = Claims(Consumer.CONNECTORS)


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Events that one act caused and that are treated alike."""

    kind: EventKind
    lane: Lane
    actor_name: str
    correlation_id: str
    deliveries: tuple[Delivery, ...]

    @property
    def events(self) -> list[ChangeEvent]:
        return [delivery.event for delivery in self.deliveries]

    @property
    def cause(self) -> str:
        return f"{self.kind} by {self.actor_name}"


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of those whom a bundle concerns, on one system."""

    system: ConnectedSystem
    object_type: ObjectType
    ids: list[UUID]
    lane: Lane


def drain(limit: int = BATCH) -> int:
    """Turn the change events that wait for the connectors into operations; return how many events those were.

    An event is done in the transaction that enqueues its operations, or the last of them: a worker that dies before
    leaves it undone, and the next one takes over when its claim runs out. An event that cannot be treated is logged,
    left, and tried again then; it blocks no other.
    """
    mark = _claims.new_mark()
    done = 0
    try:
        while deliveries := _claims.take(mark, limit):
            done += sum(_treat(bundle, mark) for bundle in _bundles(deliveries))
    except (OperationalError, InterfaceError):
        _claims.given_up.add(mark)
        raise
    return done


def _bundles(deliveries: Sequence[Delivery]) -> Iterable[_Bundle]:
    def act(delivery: Delivery) -> tuple[str, ...]:
        event = delivery.event
        return event.kind, str(event.urgent), event.origin, event.actor_name, event.correlation_id

    for _, group in groupby(sorted(deliveries, key=act), key=act):
        together = tuple(group)
        event = together[0].event
        lane = _lane(event, len(together))
        yield _Bundle(EventKind(event.kind), lane, event.actor_name, event.correlation_id, together)


def _lane(event: ChangeEvent, together: int) -> Lane:
    if event.urgent:
        return Lane.REMOVAL
    return Lane.BULK if together > CROWD or event.origin.startswith("file:") else Lane.INTERACTIVE


def _treat(bundle: _Bundle, mark: str) -> int:
    try:
        _enqueue_and_close(bundle, mark)
    except (OperationalError, InterfaceError):
        raise  # our database did not do its part: whatever comes next would fare no better
    except Exception:
        if len(bundle.deliveries) > 1:
            return sum(_treat(single, mark) for single in _bundles_of_one(bundle))
        logger.exception("The change event %s cannot be turned into operations", bundle.events[0].pk)
        return 0
    return len(bundle.deliveries)


def _enqueue_and_close(bundle: _Bundle, mark: str) -> None:
    """Enqueue everybody in transactions of bounded size, between which other writers get their turn.

    The last one closes the events, the others prolong the claim. Enqueueing twice does no harm.
    """
    waiting: list[_Part] | None = None
    for parts in _batches(_parts(bundle)):
        if waiting is not None:
            if not _commit(bundle, waiting, mark, is_last=False):
                return  # another worker has taken over
            dialect().give_way()
        waiting = parts
    _commit(bundle, waiting or [], mark, is_last=True)


def _commit(bundle: _Bundle, parts: list[_Part], mark: str, *, is_last: bool) -> bool:
    """In one transaction; again when the database chose it as the victim of a deadlock or was locked for too long."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                if not (_claims.close if is_last else _claims.prolong)(bundle.deliveries, mark):
                    return False
                for part in parts:
                    _enqueue(part, bundle)
        except OperationalError:
            if attempt + 1 == ATTEMPTS:
                raise
            logger.warning("Turning change events into operations is repeated", exc_info=True)
        else:
            return True
    raise AssertionError("unreachable")


def _bundles_of_one(bundle: _Bundle) -> Iterable[_Bundle]:
    for delivery in bundle.deliveries:
        yield _Bundle(bundle.kind, bundle.lane, bundle.actor_name, bundle.correlation_id, (delivery,))


def _parts(bundle: _Bundle) -> Iterator[_Part]:
    """Everybody concerned, on every system, in parts that one statement can take."""
    affected = expand(bundle.kind, bundle.events)
    for system in _systems():
        concerned = {
            ObjectType.ORG_UNIT: ((_units(system, affected), bundle.lane),),
            ObjectType.USER: (
                (affected.users, bundle.lane),
                (affected.bystanders, max(bundle.lane, Lane.INTERACTIVE)),
            ),
            ObjectType.GROUP: ((_groups(system, affected), bundle.lane),),
        }
        for object_type in order_of(system):
            for ids, lane in concerned[object_type]:
                for chunk in chunks(sorted(ids)):
                    yield _Part(system, object_type, chunk, lane)


def _units(system: ConnectedSystem, affected: Affected) -> set[UUID]:
    if system.provisions_org_units != OrgUnitProvisioning.GROUPS:
        return affected.units if system.provisions_org_units == OrgUnitProvisioning.UNITS else set()
    is_flat = affected.holding_units and not capabilities_of(system)[0].nested_groups
    return affected.units | (affected.units_above if is_flat else affected.holding_units)


def _groups(system: ConnectedSystem, affected: Affected) -> set[UUID]:
    is_flat = affected.holding_groups and not capabilities_of(system)[0].nested_groups
    return affected.groups | (affected.groups_above if is_flat else affected.holding_groups)


def _batches(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """As many parts together as one transaction may write."""
    batch: list[_Part] = []
    for part in parts:
        if batch and sum(len(each.ids) for each in batch) + len(part.ids) > CHUNK:
            yield batch
            batch = []
        batch.append(part)
    yield batch


def _systems() -> "QuerySet[ConnectedSystem]":
    """Systems that changes matter to.

    One that never ran gets everybody when it is resumed; one that is deleted loses all.
    """
    known = Exists(Link.objects.filter(system=OuterRef("pk")))
    return ConnectedSystem.objects.filter(Q(state=SystemState.RUNNING) | Q(known, state=SystemState.PAUSED))


def _enqueue(part: _Part, bundle: _Bundle) -> None:
    """Enqueue those of the objects that have a link, work under way, or a place in the scope."""
    system, object_type = part.system, part.object_type
    request = Request(system.pk, object_type, part.lane, bundle.cause, bundle.correlation_id)
    links = Link.objects.filter(system=system, object_type=object_type).exclude(state=LinkState.REMOVED)
    under_way = Operation.objects.filter(
        system=system, object_type=object_type, state__in=(OperationState.WAITING, OperationState.IN_FLIGHT)
    )
    of_object = {"object_id": OuterRef("pk")}
    concerned = Exists(links.filter(**of_object)) | Exists(under_way.filter(**of_object)) | _scope(system, object_type)
    rows = rows_of(object_type).filter(pk__in=part.ids).order_by()
    enqueue_selected(request, rows.filter(concerned))
    if rows.count() < len(part.ids):
        enqueue_purged(request, links.filter(object_id__in=part.ids))


def _scope(system: ConnectedSystem, object_type: ObjectType) -> Q:
    try:
        return scope.q_of_type(system, object_type)
    except IdentityError as error:
        logger.error("The scope of %s cannot be read: %s", system.name, error.message)
        return Q(pk__in=())
