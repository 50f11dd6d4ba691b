"""Connected systems: what they are, who belongs in them, and how they fare."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.spi import ObjectClass
from connectors.vocabulary import (
    AdoptionPolicy,
    BreakerState,
    GonePolicy,
    OrgUnitProvisioning,
    RemovalPolicy,
    SystemState,
)
from identities.models import Group, MappingRow, OrgUnit
from identities.models.folded_field import UniqueFoldedField
from identities.vocabulary import ObjectType


class ConnectedSystem(models.Model):
    """One configured remote system. Created paused; written by `connectors.actions.systems` and, for its health, by
    the engine.

    `configuration` holds the connector's configuration without its secrets; `sealed_secrets` holds those, encrypted by
    `connectors.vault`. A person belongs in the system when `scope_filter` matches (empty: everybody) and, if groups or
    org units are assigned, when they are in one of them (through nesting, or below). `org_unit_class` is what org units
    are held as, or were when they last were provisioned.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    name_key = UniqueFoldedField(source="name")
    description = models.CharField(_("description"), max_length=255, blank=True, default="")
    connector = models.CharField(_("connector"), max_length=40)
    configuration = models.JSONField(_("configuration"), default=dict, blank=True)
    sealed_secrets = models.TextField(blank=True, default="", editable=False)
    state = models.CharField(
        _("state"), max_length=10, default=SystemState.PAUSED, choices=[(s, s) for s in SystemState]
    )

    scope_filter = models.TextField(_("scope filter"), blank=True, default="")
    scope_groups = models.ManyToManyField(Group, verbose_name=_("assigned groups"), blank=True, related_name="+")
    scope_org_units = models.ManyToManyField(
        OrgUnit, verbose_name=_("assigned org units"), blank=True, related_name="+"
    )
    provisions_groups = models.BooleanField(_("groups are provisioned"), default=True)
    group_filter = models.TextField(_("group filter"), blank=True, default="")
    provisions_org_units = models.CharField(
        _("org units are provisioned"),
        max_length=10,
        default=OrgUnitProvisioning.NONE,
        choices=[(each, each) for each in OrgUnitProvisioning],
    )

    org_unit_class = models.CharField(
        max_length=10, default=ObjectClass.ORG_UNIT, choices=[(each, each) for each in ObjectClass], editable=False
    )

    adoption_policy = models.CharField(
        _("accounts that already exist"),
        max_length=10,
        default=AdoptionPolicy.ASK,
        choices=[(a, a) for a in AdoptionPolicy],
    )
    correlation_attribute = models.CharField(_("correlation attribute"), max_length=255, blank=True, default="")
    group_correlation_attribute = models.CharField(
        _("correlation attribute of groups"), max_length=255, blank=True, default=""
    )
    marker_attribute = models.CharField(_("marker attribute"), max_length=255, blank=True, default="")
    when_inactive = models.CharField(
        _("when a person is not active"),
        max_length=10,
        default=RemovalPolicy.DISABLE,
        choices=[(p, p) for p in RemovalPolicy],
    )
    when_out_of_scope = models.CharField(
        _("when a person leaves the scope"),
        max_length=10,
        default=RemovalPolicy.DISABLE,
        choices=[(p, p) for p in RemovalPolicy],
    )
    when_deleted = models.CharField(
        _("when a person is deleted"),
        max_length=10,
        default=RemovalPolicy.DELETE,
        choices=[(p, p) for p in RemovalPolicy],
    )
    when_gone = models.CharField(
        _("when an account was deleted in the system"),
        max_length=10,
        default=GonePolicy.RECREATE,
        choices=[(p, p) for p in GonePolicy],
    )
    deletion_policy = models.CharField(
        max_length=10,
        blank=True,
        default="",
        choices=[(p, p) for p in RemovalPolicy],
        editable=False,
    )

    slots = models.PositiveSmallIntegerField(
        _("calls at once"), default=4, validators=[MinValueValidator(2), MaxValueValidator(64)]
    )
    removal_limit = models.PositiveIntegerField(_("removals an hour, at least"), default=20)
    removal_limit_percent = models.PositiveSmallIntegerField(
        _("removals an hour, percent of the accounts"), default=10, validators=[MaxValueValidator(100)]
    )

    breaker = models.CharField(max_length=10, default=BreakerState.CLOSED, choices=[(b, b) for b in BreakerState])
    breaker_reason = models.TextField(blank=True, default="")
    breaker_error = models.CharField(max_length=20, blank=True, default="")
    breaker_opened_at = models.DateTimeField(null=True, blank=True)
    breaker_probe_at = models.DateTimeField(null=True, blank=True)
    breaker_openings = models.PositiveIntegerField(default=0)
    consecutive_failures = models.PositiveIntegerField(default=0)
    throttled_until = models.DateTimeField(null=True, blank=True)
    throttle_count = models.PositiveIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True, blank=True)
    remote_schema = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"))
    modified_at = models.DateTimeField(_("last modified"))

    class Meta:
        verbose_name = _("connected system")
        verbose_name_plural = _("connected systems")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def object_class_of(self, object_type: str) -> ObjectClass:
        """As what the system holds people, groups or org units; these may be groups there, and stay what they were
        when they are not provisioned any more.
        """
        return ObjectClass(self.org_unit_class if object_type == ObjectType.ORG_UNIT else str(object_type))


class SystemMapping(MappingRow):
    """How one remote attribute of one object class is computed for one system."""

    system = models.ForeignKey(ConnectedSystem, on_delete=models.CASCADE, related_name="mappings")
    object_type = models.CharField(
        _("object"), max_length=10, default=ObjectType.USER, choices=[(o, o) for o in ObjectType]
    )

    class Meta(MappingRow.Meta):
        abstract = False
        verbose_name = _("mapping")
        verbose_name_plural = _("mappings")
        constraints = (
            models.UniqueConstraint(
                fields=["system", "object_type", "attribute"], name="one_mapping_per_remote_attribute"
            ),
        )
