"""Erasing one person's data from the audit trail without breaking its chain."""

from typing import Any

from django.db import models, transaction
from django.db.models import Q

from identities.actors import Actor
from identities.audit.digests import EMPTY_VALUES, column_salts
from identities.audit.record import AuditRow, record_many
from identities.models import AuditEntry
from identities.vocabulary import Verb

_CHUNK = 500
_OF_ACTOR = ("actor_name", "remote_addr")


def erase_subject(subject: models.Model, *, actor: Actor) -> int:
    """Empty every text that speaks of `subject`, as the one acted upon and as the one acting.

    Verb, time, channel, origin and ids stay, the digests too; the salts of what was emptied are thrown away. The
    erasure itself is recorded, with the numbers of the entries it emptied and without the name.

    Returns:
        How many entries were emptied.
    """
    subject_type, subject_id = subject._meta.model_name, str(subject.pk)
    about = Q(subject_type=subject_type, subject_id=subject_id) & ~Q(verb=Verb.AUDIT_ERASED)
    acting = Q(actor_id=subject.pk) if subject_type == "user" else Q(pk__in=())
    emptied: list[int] = []
    with transaction.atomic():
        entries = AuditEntry.objects.select_for_update(no_key=True).filter(about | acting).order_by("id")
        for chunk in _chunks(entries):
            for entry in chunk:
                is_about = entry.subject_type == subject_type and entry.subject_id == subject_id
                _empty(entry, tuple(EMPTY_VALUES) if is_about else _OF_ACTOR)
            AuditEntry.objects.bulk_update(chunk, [*EMPTY_VALUES, "salt", "digests"])
            emptied += [entry.pk for entry in chunk]
        row = AuditRow(Verb.AUDIT_ERASED, subject, facts={"entries": emptied}, label=subject_id)
        record_many([row], actor=actor)
    return len(emptied)


def _chunks(entries: "models.QuerySet[AuditEntry]") -> list[list[AuditEntry]]:
    found = list(entries)
    return [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]


def _empty(entry: AuditEntry, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(entry, name, EMPTY_VALUES[name])
    if entry.digests is None:
        return
    digests: dict[str, Any] = dict(entry.digests)
    salts = digests["salts"] if "salts" in digests else column_salts(entry.salt)
    digests["salts"] = {name: salt for name, salt in salts.items() if name not in names}
    entry.digests = digests
    entry.salt = ""
