"""Groups, their members, and who asserts each membership."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from identities.models.folded_field import UniqueFoldedField
from identities.models.user import User
from identities.vocabulary import GroupKind


class GroupQuerySet(models.QuerySet):
    """Groups by what they are."""

    def present(self) -> "GroupQuerySet":
        """Groups that are not deleted."""
        return self.filter(deleted_at__isnull=True)


class Group(models.Model):
    """A group of people and groups. `scim_text` has no members; `membership_version` counts membership changes.

    A dynamic group has a rule: `filter_text`, a SCIM filter on people. `computed_at` is when everybody was last held
    against it, `recompute_at` when that is due again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, default=GroupKind.STATIC, choices=[(k, k) for k in GroupKind])
    display_name = models.CharField(_("name"), max_length=255)
    display_name_key = UniqueFoldedField(source="display_name")
    description = models.CharField(_("description"), max_length=1024, blank=True, default="")
    filter_text = models.TextField(_("rule"), blank=True, default="")
    computed_at = models.DateTimeField(null=True, blank=True, editable=False)
    recompute_at = models.DateTimeField(null=True, blank=True, editable=False)
    default_origin = models.CharField(_("source"), max_length=80)
    owners = models.JSONField(default=dict, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    membership_version = models.PositiveIntegerField(default=0)
    scim_text = models.TextField(default="", editable=False)
    rendering_version = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), db_index=True)
    modified_at = models.DateTimeField(_("last modified"), db_index=True)

    objects: ClassVar[models.Manager["Group"]] = models.Manager.from_queryset(GroupQuerySet)()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ("display_name_key", "id")
        indexes = (models.Index(fields=["recompute_at"], condition=Q(kind=GroupKind.DYNAMIC), name="group_dynamic"),)

    def __str__(self) -> str:
        return self.display_name


class Membership(models.Model):
    """A user or a group is a member of a group. It lives until the last origin lets go."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    member_group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="parent_memberships"
    )
    ends_on = models.DateField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, member_group__isnull=True)
                | Q(user__isnull=True, member_group__isnull=False),
                name="membership_of_one_user_or_one_group",
            ),
            models.UniqueConstraint(fields=["group", "user"], name="one_membership_per_user"),
            models.UniqueConstraint(fields=["group", "member_group"], name="one_membership_per_group"),
        )

    def __str__(self) -> str:
        return f"{self.user_id or self.member_group_id} in {self.group_id}"


class MembershipOrigin(models.Model):
    """One origin asserts one membership."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="origins")
    origin = models.CharField(_("asserted by"), max_length=80)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["membership", "origin"], name="one_assertion_per_origin"),)

    def __str__(self) -> str:
        return self.origin


class GroupStamp(models.Model):
    """Counts what changes how a group's members look without changing the membership: names, and who sees whom.

    In slots, so that transactions that touch the same group do not wait for each other; their sum is the stamp.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="stamps")
    slot = models.PositiveSmallIntegerField()
    number = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["group", "slot"], name="one_stamp_per_slot"),)

    def __str__(self) -> str:
        return f"{self.group_id}: {self.number}"
