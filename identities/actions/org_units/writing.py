"""What every action on org units shares: locking, ownership, writing, telling."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit, outbox
from identities.actions.row_writing import update_rows
from identities.actors import Actor
from identities.errors import NotFound, ValueOwned
from identities.models import OrgUnit
from identities.outbox import Announcement
from identities.rules.ownership import may_write, rank
from identities.vocabulary import EventKind, ObjectType, Verb

Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What happened to one org unit: for the audit trail and the change event."""

    unit: OrgUnit
    verb: Verb
    differences: Differences
    facts: Mapping[str, Any] = field(default_factory=dict)


def unit_id_of(unit: OrgUnit | UUID) -> UUID:
    """The id of an org unit given as object or id."""
    return unit.pk if isinstance(unit, OrgUnit) else unit


def lock_units(units: Collection[UUID]) -> dict[UUID, OrgUnit]:
    """The org units with these ids that are not deleted, locked in the order of their ids."""
    if not units:
        return {}
    # Its own queryset class adds the tree's columns, which PostgreSQL cannot lock.
    rows = OrgUnit.objects.without_tree_fields().select_for_update(no_key=True)
    return {unit.pk: unit for unit in rows.filter(pk__in=units, deleted_at=None).order_by("pk")}


def present(units: Mapping[UUID, OrgUnit], pk: UUID) -> OrgUnit:
    """The unit with this id (raises NotFound, code `org_unit_not_found`)."""
    found = units.get(pk)
    if found is None:
        raise NotFound("org_unit_not_found", f"There is no org unit {pk}.", field="parent", org_unit=str(pk))
    return found


def may_change(unit: OrgUnit, name: str, origin: str) -> bool:
    """Whether an origin may write this value of a unit.

    A manager or a place in the tree that nobody has set may be set by whoever ranks with the owner, too: so an org
    tree puts the departments of a personnel file below their divisions.
    """
    if may_write(origin, unit.origin):
        return True
    return name in ("manager", "parent") and getattr(unit, f"{name}_id") is None and rank(origin) == rank(unit.origin)


def check_owner(unit: OrgUnit, actor: Actor, *names: str) -> None:
    """Refuse to change these values (none: the whole) of a unit that others own (raises ValueOwned)."""
    allowed = (
        all(may_change(unit, name, actor.origin) for name in names) if names else may_write(actor.origin, unit.origin)
    )
    if not allowed:
        message = _("%(name)s belongs to %(owner)s.") % {"name": unit.name, "owner": unit.origin}
        raise ValueOwned("value_owned", message, owner=unit.origin)


def write_units(changes: Sequence[UnitChange], columns: Collection[str], *, actor: Actor) -> None:
    """Write these fields of changed units in one UPDATE, and tell of the changes. The writer owns the units."""
    for change in changes:
        change.unit.origin = actor.origin
        change.unit.modified_at = timezone.now()
    update_rows([change.unit for change in changes], {*columns, "origin", "modified_at"})
    tell_of_units(changes, actor=actor)


def tell_of_units(changes: Sequence[UnitChange], *, actor: Actor) -> None:
    """Write the audit entry and the change event of each change."""
    audit.record_many([audit.AuditRow(each.verb, each.unit, each.differences) for each in changes], actor=actor)
    outbox.announce_many(
        [
            Announcement(
                EventKind.ORG_UNIT_CHANGED, ObjectType.ORG_UNIT, each.unit.pk, tuple(each.differences), each.facts
            )
            for each in changes
        ],
        actor=actor,
    )
