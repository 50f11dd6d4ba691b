"""Sealing: entries become links of a chain of digests, in batches, off the write path."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from identities.audit.digests import GENESIS, column_digests, link, new_salt, seal_digest
from identities.models import AuditEntry, AuditSeal


def seal_batch(limit: int = 1000) -> int:
    """Seal up to `limit` entries that are not sealed yet, oldest first.

    An entry whose transaction committed late is sealed in a later batch than its number suggests; nothing is skipped.

    Returns:
        How many were sealed; 0 also if another process sealed at the same moment.
    """
    try:
        with transaction.atomic():
            return _seal(limit)
    except IntegrityError:
        # Two sealers took the same number: the other one did the work.
        return 0


def _seal(limit: int) -> int:
    before = AuditSeal.objects.select_for_update(no_key=True).order_by("-number").first()
    # Locked, so that an erasure does not empty an entry whose digests are being computed.
    entries = list(AuditEntry.objects.select_for_update(no_key=True).filter(seal=None).order_by("id")[:limit])
    if not entries:
        return 0
    number, previous, after = (before.number + 1, before.digest, before.last_entry) if before else (1, GENESIS, 0)
    chain = _chain(entries, previous, after)
    first, last = entries[0].pk, entries[-1].pk
    seal = AuditSeal.objects.create(
        number=number,
        entry_count=len(entries),
        first_entry=first,
        last_entry=last,
        previous=previous,
        digest=seal_digest(number=number, count=len(entries), first=first, last=last, previous=previous, chain=chain),
        sealed_at=timezone.now(),
    )
    for entry in entries:
        entry.seal = seal
    # The rows exist: an upsert is an UPDATE from a list of rows, many times faster than `bulk_update`.
    written = ["seal", "salt", "digests"]
    AuditEntry.objects.bulk_create(entries, update_conflicts=True, unique_fields=["id"], update_fields=written)
    return len(entries)


def _chain(entries: list[AuditEntry], previous: str, after: int) -> str:
    """Give every entry its salt and digests and return the end of the chain."""
    chain = previous
    for entry in entries:
        entry.salt = new_salt()
        columns = column_digests(entry, entry.salt)
        chain = link(chain, columns)
        entry.digests = {"columns": columns, "after": after, "chain": chain}
        after = entry.pk
    return chain
