"""Tokens with which people let a program of their own read and change their record (`/Me`)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from identities.models.user import User


class PersonToken(models.Model):
    """A token of one person, good for `/Me` and nothing else. Only its SHA-256 is kept.

    `session_epoch` is the person's when it was issued: whatever ends the person's sessions ends it too.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="person_tokens")
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(_("starts with"), max_length=12)
    session_epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
