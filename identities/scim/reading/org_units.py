"""Org units as answers."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from identities.filters.attributes import ORG_UNIT_SCHEMA
from identities.filters.entries import Visibility
from identities.models import ApiClient, OrgUnit
from identities.representation.rendering import compact_json, timestamp
from identities.scim.callers.visibility import eyes
from identities.scim.reading.projection import Projection
from identities.scim.reading.renderings import Form, Rendering, location

_COLUMNS: Final = ("id", "name", "code", "parent_id", "parent__name", "manager_id", "created_at", "modified_at")


def seen_org_units() -> "QuerySet[OrgUnit]":
    """Every org unit that is not deleted: whoever may read org units sees the whole structure."""
    units: QuerySet[OrgUnit] = OrgUnit.objects.without_tree_fields().filter(deleted_at=None)
    return units


def org_unit_tag(modified_at: datetime) -> str:
    """The tag of an org unit: every write moves the time of its last change."""
    return f'W/"{int(modified_at.timestamp() * 1_000_000):x}"'


def find_org_unit_tag(client: ApiClient, pk: UUID) -> str | None:
    """The version the org unit has now."""
    changed_at = seen_org_units().filter(pk=pk).values_list("modified_at", flat=True).first()
    return None if changed_at is None else org_unit_tag(changed_at)


def read_org_unit(client: ApiClient, pk: UUID, wanted: Projection) -> Rendering | None:
    """One org unit."""
    found = org_unit_forms(seen_org_units().filter(pk=pk), eyes(client), with_manager=wanted.wants("manager"))
    return Rendering.of(found[0], wanted) if found else None


def read_org_units(units: "QuerySet[OrgUnit]", seen: Visibility, wanted: Projection) -> list[str]:
    """The org units of a page as JSON texts, in the page's order; a manager only where the reader sees that person."""
    forms = org_unit_forms(units, seen, with_manager=wanted.wants("manager"))
    return [compact_json(wanted.apply(form)) for form in forms]


def org_unit_forms(units: "QuerySet[OrgUnit]", seen: Visibility, *, with_manager: bool = True) -> list[Form]:
    """These org units in SCIM form, whole."""
    rows = list(units.values_list(*_COLUMNS))
    managers = _managers({row[5] for row in rows if row[5]}, seen) if with_manager else {}
    return [_form(row, managers) for row in rows]


def _form(row: tuple[Any, ...], managers: dict[UUID, str]) -> Form:
    pk, name, code, parent, parent_name, manager, created_at, modified_at = row
    form: Form = {"schemas": [ORG_UNIT_SCHEMA], "id": str(pk), "name": name, "code": code}
    if parent is not None:
        form["parent"] = {"value": str(parent), "$ref": location("OrgUnits", parent), "display": parent_name}
    if manager in managers:
        form["manager"] = {"value": str(manager), "$ref": location("Users", manager)}
        form["manager"] |= {"display": managers[manager]} if managers[manager] else {}
    form["meta"] = {
        "resourceType": "OrgUnit",
        "created": timestamp(created_at),
        "lastModified": timestamp(modified_at),
        "location": location("OrgUnits", pk),
        "version": org_unit_tag(modified_at),
    }
    return form


def _managers(people: set[UUID], seen: Visibility) -> dict[UUID, str]:
    return dict(seen.seen_users.filter(pk__in=people).values_list("pk", "display_name")) if people else {}
