"""A connected system with its configuration, as it is needed for every object: in one statement as a rule."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from connectors.models import ConnectedSystem, SystemMapping
from identities.models import Group, OrgUnit
from identities.queries.compiled import CompiledObjects, id_hole

_mappings: dict[UUID, tuple[int, "QuerySet[SystemMapping]"]] = {}
"""The mappings of systems, with the version of the configuration that they are part of."""


def configured(system_id: UUID) -> tuple[ConnectedSystem, datetime] | None:
    """The system as it is now, its mappings and assignments with it, and the database's time; None when it is gone.

    Mappings change only together with the version of their system, so they are read once for each. What is assigned
    changes by itself (a group is renamed, a unit is deleted) and is read whenever something is.
    """
    found = _systems().objects(system=system_id)
    if not found:
        return None
    system = found[0]
    known: dict[str, Any] = {"mappings": _mappings_of(system)}
    if not system.has_groups:
        known["scope_groups"] = Group.objects.none()
    if not system.has_units:
        known["scope_org_units"] = OrgUnit.objects.none()
    system._prefetched_objects_cache = known  # as `prefetch_related` leaves it
    return system, system.now


def _mappings_of(system: ConnectedSystem) -> "QuerySet[SystemMapping]":
    known = _mappings.get(system.id)
    if known is None or known[0] != system.version:
        rows = SystemMapping.objects.filter(system=system.id)
        len(rows)  # reads them
        known = _mappings[system.id] = (system.version, rows)
    return known[1]


@cache
def _systems() -> CompiledObjects:
    hole = id_hole()
    assigned = {
        "has_groups": Exists(ConnectedSystem.scope_groups.through.objects.filter(connectedsystem=OuterRef("pk"))),
        "has_units": Exists(ConnectedSystem.scope_org_units.through.objects.filter(connectedsystem=OuterRef("pk"))),
    }
    rows = ConnectedSystem.objects.filter(pk=hole).order_by().annotate(now=Now(), **assigned)
    return CompiledObjects(rows, {"system": hole})
