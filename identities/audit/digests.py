"""What a seal covers, and how it is computed.

Every frozen column of an entry has a digest of its own under a salt of its own, derived one-way from the entry's
salt. The entry's digest is over these digests, so a column can be emptied and its salt thrown away: the chain still
verifies, and nobody can guess the value back. The columns inherited from django-auditlog that may change later
(foreign keys, port, e-mail) are not covered.
"""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from identities.canonical import canonical_json
from identities.models import AuditEntry

FROZEN_COLUMNS: Final = (
    "id",
    "timestamp",
    "verb",
    "action",
    "channel",
    "origin",
    "actor_name",
    "subject_type",
    "subject_id",
    "object_repr",
    "changes",
    "reason",
    "facts",
    "cid",
    "remote_addr",
)
# Columns that may hold personal data, and what stands there after an erasure.
EMPTY_VALUES: Final[dict[str, Any]] = {
    "actor_name": "",
    "object_repr": "",
    "changes": None,
    "reason": "",
    "facts": {},
    "remote_addr": None,
}
GENESIS: Final = "0" * 64


def new_salt() -> str:
    """A salt for one entry."""
    return secrets.token_hex(16)


def column_salts(salt: str) -> dict[str, str]:
    """The salt of every frozen column of an entry with this salt."""
    return {name: _hash(f"{salt}:{name}".encode()) for name in FROZEN_COLUMNS}


def column_digest(entry: AuditEntry, name: str, salt: str) -> str:
    """The digest of one column."""
    value = getattr(entry, name)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat(timespec="microseconds")
    return _hash(salt.encode() + canonical_json([name, value]))


def column_digests(entry: AuditEntry, salt: str) -> dict[str, str]:
    """The digest of every frozen column."""
    return {name: column_digest(entry, name, own) for name, own in column_salts(salt).items()}


def link(previous: str, digests: dict[str, str]) -> str:
    """The next value of the chain after an entry with these column digests."""
    return _hash(previous.encode() + canonical_json(digests))


def seal_digest(*, number: int, count: int, first: int, last: int, previous: str, chain: str) -> str:
    """The digest of a seal: over its place, its extent, the seal before it and the end of its entries' chain."""
    return _hash(canonical_json([number, count, first, last, previous, chain]))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
