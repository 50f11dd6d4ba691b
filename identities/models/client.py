"""API clients: programs that speak SCIM to the portal, their tokens, and which people and groups each of them knows."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from identities.models.group import Group
from identities.models.user import User
from identities.vocabulary import AdoptionRule, ClientProfile, ClientSight, PayloadKeeping


class ApiClient(models.Model):
    """A program with its own externalId name space, scopes and view of the people.

    Attributes:
        adoption_owns_lifecycle: whether this client owns the lifecycle of people it adopts (and so may delete them).
        bounds: a SCIM filter; nobody outside of it exists for this client. Empty: no bounds.
        read_only_attributes: what it may not write, named as actions do, and `active`.
        rate_limit: requests it may send in a window; None: as many as the service allows.
        oauth_client: under which id and secret it gets OAuth tokens, if it may.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    profile = models.CharField(
        _("profile"), max_length=10, default=ClientProfile.RFC, choices=[(p, p) for p in ClientProfile]
    )
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    adoption_rule = models.CharField(
        _("people who already exist"),
        max_length=20,
        default=AdoptionRule.REFUSE,
        choices=[(a, a) for a in AdoptionRule],
    )
    adoption_owns_lifecycle = models.BooleanField(_("owns the lifecycle of people it adopts"), default=False)
    sight = models.CharField(_("sees"), max_length=20, default=ClientSight.OWN, choices=[(s, s) for s in ClientSight])
    bounds = models.TextField(_("only people who match"), blank=True, default="")
    read_only_attributes = models.JSONField(_("may not write"), default=list, blank=True)
    rate_limit = models.PositiveIntegerField(_("requests in 10 seconds"), null=True, blank=True)
    oauth_client = models.OneToOneField(
        "allauth_idp_oidc.Client",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="api_client",
    )
    allowed_networks = models.JSONField(_("allowed networks"), default=list, blank=True)
    kept_payloads = models.CharField(
        _("what was sent is kept"),
        max_length=10,
        default=PayloadKeeping.REFUSED,
        choices=[(k, k) for k in PayloadKeeping],
        help_text=_("In the request log, shortened and with secrets masked."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token of a client. Only its SHA-256 is kept; at most two are live, so that one can be rotated."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(_("starts with"), max_length=12)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class ClientAssociation(models.Model):
    """A client knows a user or a group, by its own externalId. `hidden_at`: the client deleted it from its view."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="associations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="client_associations")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="client_associations")
    external_id = models.CharField(max_length=255, blank=True, default="")
    adopted = models.BooleanField(default=False)
    hidden_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
                name="association_of_one_user_or_one_group",
            ),
            models.UniqueConstraint(fields=["client", "user"], name="one_association_per_client_and_user"),
            models.UniqueConstraint(fields=["client", "group"], name="one_association_per_client_and_group"),
        )
        indexes = (models.Index(fields=["client", "external_id"], name="association_external_id"),)

    def __str__(self) -> str:
        return f"{self.client_id}: {self.external_id}"


class ClientTally(models.Model):
    """How many people a client knows who are not deleted: the sum over its slots.

    Kept by triggers on PostgreSQL (see the migration that makes it), where counting would cost more than a page;
    elsewhere it is empty.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="tallies")
    slot = models.PositiveSmallIntegerField()
    people = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "slot"], name="one_tally_per_slot"),)

    def __str__(self) -> str:
        return f"{self.client_id}: {self.people}"
