"""The log of the requests of API clients."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from identities.models.client import ApiClient

REFUSED_FROM = 400


class ClientRequest(models.Model):
    """One request, and what was coerced, kept or refused and why. Secrets are masked before they come here.

    Attributes:
        client: whose it was; NULL for a caller nobody knows (401), of whom only some are kept.
        about: the user name or display name and the externalId that were sent.
        resource_id: the user or group in the address, or that was created.
        coerced: whether there are notes: something was read otherwise than written, ignored or kept.
        scim_type, detail: why it was refused.
        payload, answer: what was sent, and what a refused request was answered, if they are kept at all.
    """

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.CASCADE,
        null=True,
        related_name="requests",
        db_index=False,
        verbose_name=_("API client"),
    )
    at = models.DateTimeField(_("time"))
    method = models.CharField(_("method"), max_length=10)
    path = models.CharField(_("path"), max_length=500)
    status = models.PositiveSmallIntegerField(_("status"))
    milliseconds = models.PositiveIntegerField(_("duration, ms"))
    about = models.CharField(_("about"), max_length=300, blank=True, default="")
    resource_id = models.UUIDField(_("id"), null=True)
    coerced = models.BooleanField(_("coerced"), default=False)
    notes = models.JSONField(_("notes"), default=list, blank=True)
    scim_type = models.CharField(_("SCIM error"), max_length=20, blank=True, default="")
    detail = models.CharField(_("why it was refused"), max_length=1000, blank=True, default="")
    payload = models.JSONField(_("what was sent"), null=True)
    answer = models.JSONField(_("what was answered"), null=True)
    remote_address = models.GenericIPAddressField(_("from"), null=True)
    correlation_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=["-at", "-id"], name="request_newest"),
            models.Index(fields=["client", "-at", "-id"], name="request_of_client"),
            models.Index(fields=["resource_id"], condition=Q(resource_id__isnull=False), name="request_resource"),
            models.Index(
                fields=["-at", "-id"],
                condition=Q(status__gte=REFUSED_FROM) | Q(coerced=True),
                name="request_remarkable",
            ),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @property
    def refused(self) -> bool:
        """Whether it was answered with an error."""
        return self.status >= REFUSED_FROM
