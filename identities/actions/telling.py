"""Telling of changes: their audit entries and their change events, written together, and with them the changes."""

from collections.abc import Sequence

from django.db import connection

from identities import audit, outbox
from identities.actions.row_writing import update_rows
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
        written: what was changed and is still to be written. On PostgreSQL rows that are made do not learn the numbers
            that the database gives them.
    """
    if connection.vendor != "postgresql":
        for part in written:
            _write(part)
        audit.record_many(rows, actor=actor)
        outbox.announce_many(announcements, actor=actor)
        return
    pairs = [(str(consumer), str(kind)) for consumer, kinds in outbox.SUBSCRIPTIONS.items() for kind in kinds]
    events = outbox.change_events(announcements, actor=actor)
    write_told(written, audit.entries(rows, actor=actor), events, pairs, outbox.WANTED_SQL)
    if events:
        outbox.ring()


def _write(part: Written) -> None:
    if part.columns:
        update_rows(part.rows, set(part.columns))
    elif part.rows:
        type(part.rows[0])._default_manager.bulk_create(part.rows)
