"""Telling of changes: their audit entries and their change events, written together, and with them the changes."""

from collections.abc import Sequence

from django.db import connection

from identities import audit, outbox
from identities.actors import Actor
from identities.audit import AuditRow
from identities.outbox import Announcement
from identities.queries.statements import Written, write_told


def tell_all(
    rows: Sequence[AuditRow], announcements: Sequence[Announcement], *, actor: Actor, written: Sequence[Written] = ()
) -> None:
    """Write these entries and events in the caller's transaction, on PostgreSQL in one round trip; ring once committed.

    Each is what `audit.record_many` and `outbox.announce_many` write.

    Args:
        written: what was changed, if it is still to be written (see `writes_together`).
    """
    if not (writes_together() and rows and announcements):
        audit.record_many(rows, actor=actor)
        outbox.announce_many(announcements, actor=actor)
        return
    pairs = [(str(consumer), str(kind)) for consumer, kinds in outbox.SUBSCRIPTIONS.items() for kind in kinds]
    events = outbox.change_events(announcements, actor=actor)
    write_told([each for each in written if each.rows], audit.entries(rows, actor=actor), events, pairs)
    outbox.ring()


def writes_together() -> bool:
    """Whether changes are written in the same statement as what is told of them; else the caller writes them first."""
    return connection.vendor == "postgresql"
