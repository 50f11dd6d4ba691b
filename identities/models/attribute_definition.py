"""Custom attributes an administrator declares."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness


class AttributeDefinition(models.Model):
    """A custom attribute of users: its values stand in `User.custom` under `name`."""

    name = models.CharField(
        _("name"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z][A-Za-z0-9_-]*$")],
        help_text=_("As SCIM and mappings call it, for example badgeNumber."),
    )
    label = models.CharField(_("label"), max_length=120)
    kind = models.CharField(
        _("type"), max_length=10, default=AttributeKind.STRING, choices=[(k, k) for k in AttributeKind]
    )
    multi_valued = models.BooleanField(_("several values"), default=False)
    required = models.BooleanField(_("required"), default=False)
    mutability = models.CharField(
        _("may be written"),
        max_length=10,
        default=AttributeMutability.READ_WRITE,
        choices=[
            (AttributeMutability.READ_WRITE, _("at any time")),
            (AttributeMutability.IMMUTABLE, _("once")),
            (AttributeMutability.READ_ONLY, _("not by API clients and people themselves")),
        ],
    )
    uniqueness = models.CharField(
        _("unique"),
        max_length=10,
        default=AttributeUniqueness.NONE,
        choices=[
            (AttributeUniqueness.NONE, _("no")),
            (AttributeUniqueness.SERVER, _("among all people")),
        ],
    )
    sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Its values are masked in the request log of API clients.")
    )
    description = models.CharField(_("description"), max_length=255, blank=True, default="")

    class Meta:
        verbose_name = _("custom attribute")
        verbose_name_plural = _("custom attributes")
        ordering = ("name",)
        # SCIM does not tell names apart by case (RFC 7643 section 2.1).
        constraints = (models.UniqueConstraint(Lower("name"), name="one_attribute_per_name_in_any_case"),)

    def __str__(self) -> str:
        return self.label
