"""Writing the audit trail: one row for each thing that happened to each subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from identities.actors import Actor
from identities.audit.registry import MASK, masked_fields
from identities.models import AuditEntry

Changes = Mapping[str, Sequence[Any]]

_CREATING = frozenset({"created", "issued", "added"})
_DELETING = frozenset({"deleted", "revoked", "removed"})


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What is to be recorded about one subject.

    Attributes:
        verb: what happened, `<noun>.<past participle>`.
        subject: the object it happened to; its text is frozen as it is now.
        changes: our attribute names to `(old, new)`, JSON values.
        facts: whatever else must still be known later; JSON values, never a secret.
        label: the text to freeze instead of the subject's own.
    """

    verb: str
    subject: models.Model
    changes: Changes | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None


def record(
    verb: str, subject: models.Model, *, actor: Actor, changes: Changes | None = None, **facts: Any
) -> AuditEntry:
    """Record that `actor` did `verb` to `subject`, in the caller's transaction. See `AuditRow`."""
    return record_many([AuditRow(verb, subject, changes, facts)], actor=actor)[0]


def record_many(rows: Sequence[AuditRow], *, actor: Actor) -> list[AuditEntry]:
    """Record many things the same actor did, in one statement and in this order, in the caller's transaction."""
    return AuditEntry.objects.bulk_create(entries(rows, actor=actor))


def entries(rows: Sequence[AuditRow], *, actor: Actor) -> list[AuditEntry]:
    """The entries as `record_many` writes them, not written yet."""
    now = timezone.now()
    return [_entry(row, actor, now) for row in rows]


def _entry(row: AuditRow, actor: Actor, now: Any) -> AuditEntry:
    subject = row.subject
    pk = subject.pk
    return AuditEntry(
        content_type=ContentType.objects.get_for_model(subject),
        object_pk=str(pk),
        object_id=pk if isinstance(pk, int) else None,
        object_repr=str(subject) if row.label is None else row.label,
        action=_action(row.verb),
        changes=_without_secrets(subject, row.changes),
        actor_id=actor.user_id,
        cid=actor.correlation_id,
        remote_addr=actor.remote_address,
        timestamp=now,
        verb=row.verb,
        channel=actor.channel,
        origin=actor.origin,
        actor_name=actor.name[:255],
        subject_type=subject._meta.model_name or "",
        subject_id=str(pk),
        reason=actor.reason,
        facts=dict(row.facts),
    )


def _action(verb: str) -> int:
    ending = verb.rpartition(".")[2]
    if ending in _CREATING:
        return AuditEntry.Action.CREATE
    return AuditEntry.Action.DELETE if ending in _DELETING else AuditEntry.Action.UPDATE


def _without_secrets(subject: models.Model, changes: Changes | None) -> dict[str, list[Any]] | None:
    if not changes:
        return None
    masked = masked_fields(type(subject))
    return {name: [MASK, MASK] if name in masked else list(values) for name, values in changes.items()}
