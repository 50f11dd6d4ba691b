"""The shape of a mapping row; each app that maps adds its own foreign key."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from identities import mapping
from identities.vocabulary import MappingApply, MappingKind


class MappingRow(models.Model):
    """How one attribute is computed (see `identities.mapping`)."""

    attribute = models.CharField(_("attribute"), max_length=255)
    kind = models.CharField(_("kind"), max_length=12, default=MappingKind.DIRECT, choices=[(k, k) for k in MappingKind])
    source = models.TextField(_("source"), blank=True, default="")
    apply = models.CharField(
        _("apply"), max_length=10, default=MappingApply.ALWAYS, choices=[(a, a) for a in MappingApply]
    )
    clear_when_null = models.BooleanField(_("clear when null"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        abstract = True
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.attribute

    def plain(self) -> mapping.MappingRow:
        """The row as what computes it takes it."""
        return mapping.MappingRow(
            attribute=self.attribute,
            kind=MappingKind(self.kind),
            source=self.source,
            apply=MappingApply(self.apply),
            clear_when_null=self.clear_when_null,
        )
