"""The audit trail's rows: django-auditlog's entry with our frozen columns, and the seals over them."""

from auditlog.models import AbstractLogEntry
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(AbstractLogEntry):
    """One thing that happened. Written by `identities.audit.record` only; never changed afterwards.

    Texts are frozen: `object_repr` and `actor_name` stay what they were. `salt` and `digests` (a digest per frozen
    column) are set when the entry is sealed, so that personal data can be erased later and the chain still verifies.
    """

    verb = models.CharField(_("verb"), max_length=60, db_index=True)
    channel = models.CharField(_("channel"), max_length=15)
    origin = models.CharField(_("origin"), max_length=80)
    actor_name = models.CharField(_("actor"), max_length=255)
    subject_type = models.CharField(_("subject type"), max_length=60)
    subject_id = models.CharField(_("subject id"), max_length=64, db_index=True)
    reason = models.TextField(_("reason"), blank=True, default="")
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    digests = models.JSONField(null=True, editable=False)
    seal = models.ForeignKey(
        "identities.AuditSeal", on_delete=models.PROTECT, null=True, related_name="entries", editable=False
    )

    class Meta(AbstractLogEntry.Meta):
        abstract = False
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ("-timestamp", "-id")
        indexes = (
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_subject"),
            models.Index(fields=["id"], condition=models.Q(seal__isnull=True), name="audit_unsealed"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.object_repr}"


class AuditSeal(models.Model):
    """A link of the chain: a digest over a batch of entries and the link before it."""

    number = models.PositiveBigIntegerField(unique=True)
    entry_count = models.PositiveIntegerField()
    first_entry = models.PositiveBigIntegerField()
    last_entry = models.PositiveBigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"seal {self.number}"
