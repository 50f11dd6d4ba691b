"""Change events: written in the transaction of the change, one delivery row for each subscribed consumer, and a
doorbell after the commit. Rules are told only while there is a dynamic group.

What stands in `ChangeEvent.facts`, by kind (ids as text, absent where empty):

- `user.changed`: `org_unit`, `manager`: the former one, if it changed (null: there was none).
- `user.deleted`, `user.restored`: `org_unit`, `manager`; `groups`: the groups the user is a direct member of.
- `membership.changed` (object: the group): `added_users`, `removed_users`, `added_groups`, `removed_groups`, at most
  `MEMBERS_PER_EVENT` together.
- `group.deleted`, `group.restored`: `parents`: the groups it is a direct member of.
- `org_unit.changed` (a new one too): `parent`: the former parent, if it changed; `deleted`: true when it is gone.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from identities.actors import Actor
from identities.models import ChangeEvent, Delivery, Group
from identities.vocabulary import Consumer, EventKind, GroupKind

logger = logging.getLogger(__name__)

MEMBERS_PER_EVENT: Final = 1000

SUBSCRIPTIONS: dict[Consumer, frozenset[EventKind]] = {
    Consumer.CONNECTORS: frozenset(EventKind),
    # A rule changes by itself: that is a whole computation, not a delivery. A name is nothing that rules ask for.
    Consumer.RULES: frozenset(EventKind) - {EventKind.GROUP_CREATED, EventKind.GROUP_CHANGED},
}
# Whether a consumer wants a delivery now: a condition on the column `consumer`, for the statement that writes it.
WANTED_SQL: Final = f"""(consumer <> '{Consumer.RULES}'
    OR EXISTS (SELECT 1 FROM {Group._meta.db_table} WHERE kind = '{GroupKind.DYNAMIC}'))"""  # noqa: S608  our own words
bells: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Announcement:
    """One change to be announced.

    Attributes:
        subject_type: an `ObjectType`.
        attributes: our names of what changed.
        facts: what can no longer be read later (see the module's list).
        urgent: takes away access; goes ahead of everything else.
    """

    kind: EventKind
    subject_type: str
    subject_id: UUID
    attributes: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    urgent: bool = False


def announce(
    kind: EventKind,
    subject_type: str,
    subject_id: UUID,
    *,
    actor: Actor,
    attributes: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    urgent: bool = False,
) -> None:
    """Announce one change in the caller's transaction. See `Announcement`."""
    announce_many([Announcement(kind, subject_type, subject_id, attributes, facts or {}, urgent)], actor=actor)


def announce_many(announcements: Sequence[Announcement], *, actor: Actor) -> None:
    """Announce many changes by the same actor, in two statements of the caller's transaction; ring after its commit."""
    if not announcements:
        return
    events = ChangeEvent.objects.bulk_create(change_events(announcements, actor=actor))
    _deliver(events)
    ring()


def _deliver(events: Sequence[ChangeEvent]) -> None:
    wanted = [
        (event.pk, consumer) for event in events for consumer, kinds in SUBSCRIPTIONS.items() if event.kind in kinds
    ]
    if not wanted:
        return
    pairs = (
        "SELECT (value ->> 0)::bigint, value ->> 1 FROM jsonb_array_elements(%s::jsonb)"
        if connection.vendor == "postgresql"
        else "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH pairs(event_id, consumer) AS ({pairs}) "  # noqa: S608  names of our own tables
            f"INSERT INTO {Delivery._meta.db_table} (event_id, consumer, claimed_by) "
            f"SELECT event_id, consumer, '' FROM pairs WHERE {WANTED_SQL} ORDER BY event_id",
            [json.dumps(wanted)],
        )


def change_events(announcements: Sequence[Announcement], *, actor: Actor) -> list[ChangeEvent]:
    """The events as `announce_many` writes them, not written yet."""
    now = timezone.now()
    return [
        ChangeEvent(
            kind=each.kind,
            object_type=each.subject_type,
            object_id=each.subject_id,
            attributes=list(each.attributes),
            facts=dict(each.facts),
            origin=actor.origin,
            actor_name=actor.name[:255],
            correlation_id=actor.correlation_id,
            urgent=each.urgent,
            created_at=now,
        )
        for each in announcements
    ]


def ring() -> None:
    """Ring every doorbell once the current transaction is committed.

    A bell that fails costs nothing: consumers also look by themselves.
    """
    transaction.on_commit(_ring_bells)


def _ring_bells() -> None:
    for bell in bells:
        try:
            bell()
        except Exception:  # whatever a broker's client raises, the change is committed and will be found
            logger.debug("A doorbell did not ring", exc_info=True)
