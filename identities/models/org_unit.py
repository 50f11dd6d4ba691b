"""The org structure: a tree of units."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode

from identities.models.folded_field import FoldedField, UniqueFoldedField


class OrgUnit(TreeNode):
    """A department, division or company. `code` is its key in the outside world; its name is unique
    among the units below the same parent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=255)
    name_key = FoldedField(source="name")
    code = models.CharField(_("code"), max_length=255)
    code_key = UniqueFoldedField(source="code")
    manager = models.ForeignKey(
        "identities.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_org_units",
        verbose_name=_("manager"),
    )
    origin = models.CharField(_("source"), max_length=80)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    modified_at = models.DateTimeField(_("last modified"))

    class Meta:
        verbose_name = _("org unit")
        verbose_name_plural = _("org units")
        ordering = ("name_key", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["parent", "name_key"],
                condition=models.Q(deleted_at=None),
                name="one_org_unit_per_name_below_one",
            ),
            # NULL is like no other NULL.
            models.UniqueConstraint(
                fields=["name_key"],
                condition=models.Q(deleted_at=None, parent=None),
                name="one_org_unit_per_name_at_the_top",
            ),
        )

    def __str__(self) -> str:
        return self.name
