"""Verifying the chain of seals.

Found are: an entry that was changed, deleted, inserted among sealed ones or moved; a seal that was changed or is
missing; a tail whose entries are gone while their seal stands. Not found without help from outside: the newest seals
deleted together with their entries, and a whole chain computed anew. Whoever keeps a checkpoint (number and digest of
a seal) elsewhere finds these too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from identities.audit.digests import (
    EMPTY_VALUES,
    FROZEN_COLUMNS,
    GENESIS,
    column_digest,
    column_salts,
    link,
    seal_digest,
)
from identities.models import AuditEntry, AuditSeal
from identities.vocabulary import Verb

# No honest transaction is open this long between writing its entry and committing.
LONGEST_TRANSACTION: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        ok: nothing wrong was found.
        checked: sealed entries that were checked.
        unsealed: entries that no seal covers yet.
        first_bad: number of the first entry that is wrong or missing.
        reason: what is wrong with it.
        last_seal, last_digest: the newest seal: keep them elsewhere as a checkpoint.
    """

    ok: bool
    checked: int
    unsealed: int
    first_bad: int | None = None
    reason: str = ""
    last_seal: int = 0
    last_digest: str = GENESIS


class _BreakError(Exception):
    """The chain breaks at an entry."""

    def __init__(self, entry: int | None, reason: str) -> None:
        super().__init__(reason)
        self.entry = entry
        self.reason = reason


@dataclass(slots=True)
class _Position:
    """How far the chain has been followed."""

    number: int = 0
    digest: str = GENESIS
    entry: int = 0
    checked: int = 0


def verify(checkpoint: tuple[int, str] | None = None) -> Verification:
    """Follow the whole chain and say where it breaks first.

    Args:
        checkpoint: number and digest of a seal noted earlier; the chain must still hold it.
    """
    position = _Position()
    unsealed = AuditEntry.objects.filter(seal=None).count()
    found: dict[str, Any]
    try:
        erased = _erased_entries()
        for seal in AuditSeal.objects.order_by("number").iterator():
            _check_seal(seal, position, erased)
            _check_checkpoint(seal, checkpoint)
        if checkpoint is not None and checkpoint[0] > position.number:
            raise _BreakError(position.entry, f"the trail ends before seal {checkpoint[0]}")
        _check_unsealed(position)
    except _BreakError as broken:
        found = {"ok": False, "first_bad": broken.entry, "reason": broken.reason}
    else:
        found = {"ok": True}
    return Verification(
        **found,
        checked=position.checked,
        unsealed=unsealed,
        last_seal=position.number,
        last_digest=position.digest,
    )


def _check_seal(seal: AuditSeal, position: _Position, erased: set[int]) -> None:
    entries = AuditEntry.objects.filter(seal=seal).order_by("id").iterator()
    if seal.number != position.number + 1 or seal.previous != position.digest:
        raise _BreakError(_missing_before(seal, position), f"seal {position.number + 1} is missing or changed")
    chain, count = _follow(entries, seal, position, erased)
    expected = seal_digest(
        number=seal.number,
        count=seal.entry_count,
        first=seal.first_entry,
        last=seal.last_entry,
        previous=seal.previous,
        chain=chain,
    )
    if position.entry != seal.last_entry or count != seal.entry_count:
        raise _BreakError(seal.last_entry, "deleted")
    if expected != seal.digest:
        raise _BreakError(seal.first_entry, f"seal {seal.number} was changed")
    position.number, position.digest = seal.number, seal.digest


def _follow(entries: Iterator[AuditEntry], seal: AuditSeal, position: _Position, erased: set[int]) -> tuple[str, int]:
    chain, count = seal.previous, 0
    for entry in entries:
        if not isinstance(entry.digests, dict):
            raise _BreakError(entry.pk, "its digests are gone")
        _check_columns(entry, erased)
        if entry.digests.get("after") != position.entry:
            raise _BreakError(*_out_of_place(entry, position))
        chain = link(chain, entry.digests["columns"])
        if chain != entry.digests.get("chain"):
            raise _BreakError(entry.pk, "moved")
        position.entry = entry.pk
        position.checked += 1
        count += 1
    return chain, count


def _check_columns(entry: AuditEntry, erased: set[int]) -> None:
    digests: dict[str, Any] = entry.digests or {}
    columns = digests.get("columns") or {}
    salts = digests["salts"] if "salts" in digests else column_salts(entry.salt)
    if set(columns) != set(FROZEN_COLUMNS):
        raise _BreakError(entry.pk, "its digests were changed")
    for name in FROZEN_COLUMNS:
        if name in salts:
            sound = column_digest(entry, name, salts[name]) == columns[name]
        else:
            sound = _is_erased(entry, name, erased)
        if not sound:
            raise _BreakError(entry.pk, f"changed: {name}")


def _is_erased(entry: AuditEntry, name: str, erased: set[int]) -> bool:
    """Whether a column without a salt was emptied as the trail says; what is erased meanwhile is added to `erased`."""
    if name not in EMPTY_VALUES or getattr(entry, name) != EMPTY_VALUES[name]:
        return False
    if entry.pk not in erased:
        erased |= _erased_entries()
    return entry.pk in erased


def _out_of_place(entry: AuditEntry, position: _Position) -> tuple[int, str]:
    after = (entry.digests or {}).get("after")
    if isinstance(after, int) and not AuditEntry.objects.filter(pk=after, seal__isnull=False).exists():
        return after, "deleted"
    return entry.pk, f"moved: it does not follow {position.entry}"


def _missing_before(seal: AuditSeal, position: _Position) -> int | None:
    """The newest entry the chain lost before this seal, or the seal's first one."""
    first = AuditEntry.objects.filter(seal=seal).order_by("id").first()
    after = (first.digests or {}).get("after") if first is not None else None
    return after if isinstance(after, int) and after != position.entry else seal.first_entry


def _check_checkpoint(seal: AuditSeal, checkpoint: tuple[int, str] | None) -> None:
    if checkpoint is not None and checkpoint[0] == seal.number and checkpoint[1] != seal.digest:
        raise _BreakError(seal.first_entry, f"seal {seal.number} is not the one of the checkpoint")


def _check_unsealed(position: _Position) -> None:
    """An unsealed entry older than what is sealed already was put there later."""
    newest = AuditSeal.objects.order_by("-number").first()
    waiting = AuditEntry.objects.filter(seal=None).order_by("id")
    stripped = waiting.exclude(digests=None).first()
    if stripped is not None:
        raise _BreakError(stripped.pk, "taken out of its seal")
    if newest is None:
        return
    late = waiting.filter(id__lt=position.entry, timestamp__lt=newest.sealed_at - LONGEST_TRANSACTION).first()
    if late is not None:
        raise _BreakError(late.pk, "inserted")


def _erased_entries() -> set[int]:
    """Entries whose personal data was erased, as the trail itself says."""
    said = AuditEntry.objects.filter(verb=Verb.AUDIT_ERASED).values_list("facts", flat=True)
    return {number for facts in said for number in facts.get("entries", ())}
