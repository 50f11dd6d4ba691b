"""Which models the audit trail speaks of, and which of their fields it leaves out or masks.

django-auditlog's registry with every signal off: actions record, nothing is caught on the way to the database. Its
own global registry stays empty, so that no receiver is ever connected.
"""

from typing import Final

from auditlog.registry import AuditlogModelRegistry
from django.db import models

from identities.models import (
    ApiClient,
    ApiToken,
    AttributeDefinition,
    ClientAssociation,
    Group,
    Membership,
    MultiValue,
    OrgUnit,
    PersonToken,
    Suspension,
    User,
)

# What stands in a difference instead of a secret: that it changed, and nothing of it.
MASK: Final = "changed"
_DERIVED: Final = ("scim_text", "rendering_version", "version", "modified_at")

registry = AuditlogModelRegistry(create=False, update=False, delete=False, access=False, m2m=False)


def masked_fields(model: type[models.Model]) -> frozenset[str]:
    """Names whose values are never written for this model; empty for a model that is not registered."""
    known = model._meta.concrete_model or model
    return frozenset(registry.get_model_fields(known)["mask_fields"]) if registry.contains(known) else frozenset()


def excluded_fields(model: type[models.Model]) -> frozenset[str]:
    """Names that differences leave out for this model: derived columns."""
    known = model._meta.concrete_model or model
    return frozenset(registry.get_model_fields(known)["exclude_fields"]) if registry.contains(known) else frozenset()


def _derived(model: type[models.Model]) -> list[str]:
    folded = [each.name for each in model._meta.concrete_fields if each.name.endswith("_key")]
    return [*folded, *(name for name in _DERIVED if name in {each.name for each in model._meta.concrete_fields})]


for _model, _masked in (
    (User, ["password"]),
    (Group, []),
    (OrgUnit, []),
    (Membership, []),
    (MultiValue, []),
    (Suspension, []),
    (AttributeDefinition, []),
    (ApiClient, []),
    (ApiToken, ["digest"]),
    (PersonToken, ["digest"]),
    (ClientAssociation, []),
):
    registry.register(_model, exclude_fields=_derived(_model), mask_fields=_masked)
