"""Suspension: assertions by origin that a user must not be active."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from identities.models.user import User


class Suspension(models.Model):
    """One origin says that this user is suspended. Each origin lifts only its own."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="suspensions")
    origin = models.CharField(_("asserted by"), max_length=80)
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    since = models.DateTimeField(_("since"))

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "origin"], name="one_suspension_per_origin"),)

    def __str__(self) -> str:
        return f"{self.user_id} suspended by {self.origin}"
