"""The ties between identity objects and remote objects, and which memberships are known to be remote."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from connectors.models.system import ConnectedSystem
from connectors.spi import ObjectClass
from connectors.vocabulary import LinkState, Settlement
from identities.models import Group, OrgUnit, User
from identities.vocabulary import ObjectType

REFUSED_KEY_LENGTH = 1024


class Link(models.Model):
    """One identity object on one system. Outlives both: name and correlation key are frozen, `object_id` stays when
    the person is purged.

    Attributes:
        object_class: as what the system holds it. Groups and org units may both be groups there, and never share one.
        remote_id: immutable id of the remote object. reference: how other remote objects refer to it (a DN, which may
            change).
        enabled: the remote state last written or read; None while unknown.
        known: attribute values last written or read, for differences without a read and for the Accounts tab.
        applied_version: the identity object's version that was last converged.
        create_intent_key, create_intent_at: committed before a create: this key was seen absent at that time, so what
            is found afterwards is ours.
        unresolved: how many references the remote object still lacks; of an org unit that is to go, how many lie below.
        refused_key, disputed_with: the folded key that it was refused, linked or not, because another account has it,
            and the id of an account that stood in the way; whoever lets go of either rings.
        adopted: the account was there before us.
        settlement: what a person or a policy settled (a rejected removal, an accepted loss); cleared when it no longer
            applies.
    """

    system = models.ForeignKey(ConnectedSystem, on_delete=models.CASCADE, related_name="links")
    object_type = models.CharField(_("object"), max_length=10, choices=[(o, o) for o in ObjectType])
    object_class = models.CharField(_("held as"), max_length=10, choices=[(o, o) for o in ObjectClass])
    object_id = models.UUIDField(db_index=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    group = models.ForeignKey(Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    org_unit = models.ForeignKey(OrgUnit, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    object_name = models.CharField(_("name"), max_length=255)
    state = models.CharField(_("state"), max_length=10, default=LinkState.PENDING, choices=[(s, s) for s in LinkState])
    correlation_key = models.CharField(_("correlation key"), max_length=1024, blank=True, default="")
    remote_id = models.CharField(_("remote id"), max_length=255, null=True, blank=True)
    reference = models.CharField(_("remote reference"), max_length=1024, blank=True, default="")
    remote_name = models.CharField(_("remote name"), max_length=1024, blank=True, default="")
    enabled = models.BooleanField(_("enabled"), null=True, blank=True)
    known = models.JSONField(default=dict, blank=True)
    applied_version = models.PositiveIntegerField(default=0)
    create_intent_key = models.CharField(max_length=1024, blank=True, default="")
    create_intent_at = models.DateTimeField(null=True, blank=True)
    unresolved = models.PositiveIntegerField(default=0)
    refused_key = models.CharField(max_length=REFUSED_KEY_LENGTH, null=True, blank=True)
    disputed_with = models.CharField(max_length=255, blank=True, default="")
    adopted = models.BooleanField(default=False)
    settlement = models.CharField(
        max_length=10, blank=True, default=Settlement.NONE, choices=[(s, s) for s in Settlement if s]
    )
    matched_by_hand = models.BooleanField(default=False)
    linked_at = models.DateTimeField(_("linked"), null=True, blank=True)
    synchronised_at = models.DateTimeField(_("last synchronised"), null=True, blank=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = (
            models.UniqueConstraint(fields=["system", "object_type", "object_id"], name="one_link_per_object"),
            models.UniqueConstraint(
                fields=["system", "object_class", "remote_id"],
                condition=Q(remote_id__isnull=False),
                name="one_link_per_remote_object",
            ),
        )
        indexes = (
            models.Index(fields=["system", "state"], name="link_system_state"),
            models.Index(fields=["system"], condition=Q(refused_key__isnull=False), name="link_refused"),
            models.Index(fields=["system", "unresolved"], condition=Q(unresolved__gt=0), name="link_unresolved"),
        )

    def __str__(self) -> str:
        return f"{self.object_name} on {self.system}"


class RemoteMembership(models.Model):
    """This member is known to be in this group on the system, under this reference (a rename makes it stale).

    Without a reference: it was removed while its account was perhaps being renamed. A system that follows renames may
    hold it under the new one, which it gets here when that is known.
    """

    group_link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="remote_members")
    member_link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="remote_groups")
    reference = models.CharField(max_length=1024, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["group_link", "member_link"], name="one_remote_membership"),)

    def __str__(self) -> str:
        return f"{self.member_link_id} in {self.group_link_id}"
