"""The values of every SCIM multi-valued attribute, one row each."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from identities.models.folded_field import FoldedField, FoldedJSONField
from identities.models.user import User


class MultiValue(models.Model):
    """One e-mail address, phone number, address, role, ... of a user, with the origin that asserted it.

    `attribute` is the SCIM name (`emails`, `phoneNumbers`, `addresses`, ...). `data` holds the sub-attributes beyond
    value, display, type and primary (an address's parts).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="multi_values")
    attribute = models.CharField(_("attribute"), max_length=40)
    value = models.TextField(_("value"), blank=True, default="")
    # As much of a long value (a certificate, a photo's address) as an index entry holds.
    value_key = FoldedField(source="value", max_length=600)
    type = models.CharField(_("type"), max_length=60, blank=True, default="")
    type_key = FoldedField(source="type")
    display = models.CharField(_("display"), max_length=255, blank=True, default="")
    display_key = FoldedField(source="display")
    primary = models.BooleanField(_("primary"), default=False)
    data = models.JSONField(default=dict, blank=True)
    data_key = FoldedJSONField(source="data")
    origin = models.CharField(_("source"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("attribute", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "attribute"], condition=Q(primary=True), name="one_primary_value_per_attribute"
            ),
        )
        indexes = (models.Index(fields=["attribute", "value_key"], name="multi_value_lookup"),)

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}"
