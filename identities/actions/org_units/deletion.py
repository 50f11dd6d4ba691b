"""Deleting org units, from the leaves of the tree to its root."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.attempts import attempt
from identities.actions.batches import all_of, each, in_chunks, one
from identities.actions.org_units.arguments import OrgUnitMove
from identities.actions.org_units.move import move_org_units_many
from identities.actions.org_units.writing import (
    UnitChange,
    check_owner,
    lock_units,
    present,
    unit_id_of,
    write_units,
)
from identities.actions.turns import Turn, take_turn
from identities.actions.users import UserUpdate, update_users_many
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import OrgUnit, User
from identities.queries.recursion import parents_above, units_below
from identities.vocabulary import Verb


def delete_org_unit(
    unit: OrgUnit | UUID, *, actor: Actor, move_up: bool = False, into: OrgUnit | UUID | None = None
) -> OrgUnit:
    """Delete an org unit.

    Args:
        move_up: its units and people go to the unit above it (each told of on its own); otherwise only an empty one
            can be deleted.
        into: they go to this unit instead.

    Raises:
        NotFound; ValueOwned; Conflict `org_unit_name_taken`: one of its units has the name of one that stands there;
        RuleViolation `org_unit_not_empty`, `org_unit_loop`: it cannot hand over to itself or to a unit below it, or a
        person's org unit may not be written by the actor.
    """
    if move_up or into is not None:
        heir = None if into is None else unit_id_of(into)
        return attempt(partial(_hand_over_and_delete, actor, unit_id_of(unit), heir))
    return one(delete_org_units_many([unit], actor=actor))


def delete_org_units_many(units: Sequence[OrgUnit | UUID], *, actor: Actor) -> list[OrgUnit | IdentityError]:
    """Delete many org units that are empty, or hold nothing but others of these, in transactions of at most `CHUNK`;
    what `delete_org_unit` would raise stands in the place of the unit.
    """
    ids = list(dict.fromkeys(unit_id_of(unit) for unit in units))
    lowest_first = sorted(ids, key=_depths(ids).__getitem__, reverse=True)
    results = dict(zip(lowest_first, in_chunks(partial(_delete, actor), lowest_first), strict=True))
    return [results[unit_id_of(unit)] for unit in units]


def _delete(actor: Actor, units: Sequence[UUID]) -> list[OrgUnit | IdentityError]:
    take_turn(Turn.ORG_UNITS)
    locked = lock_units(units)
    below, people = _units_below(locked), _people_in(locked)
    changes: list[UnitChange] = []

    def step(pk: UUID) -> OrgUnit:
        unit = present(locked, pk)
        check_owner(unit, actor)
        if below[pk] or people[pk]:
            message = _("%(name)s still has %(units)d units and %(people)d people.")
            facts = {"name": unit.name, "units": below[pk], "people": people[pk]}
            raise RuleViolation("org_unit_not_empty", message % facts, units=below[pk], people=people[pk])
        if unit.parent_id is not None:
            below[unit.parent_id] -= 1
        changes.append(_deleted(unit))
        return unit

    results = each(step, units)
    write_units(changes, {"deleted_at"}, actor=actor)
    return results


def _hand_over_and_delete(actor: Actor, pk: UUID, heir: UUID | None) -> OrgUnit:
    with transaction.atomic():
        take_turn(Turn.ORG_UNITS)
        locked = lock_units([pk] if heir is None else [pk, heir])
        unit = present(locked, pk)
        check_owner(unit, actor)
        target = unit.parent_id if heir is None else present(locked, heir).pk
        if target in units_below([pk]):
            message = _("%(name)s cannot hand over to itself or to a unit below it.") % {"name": unit.name}
            raise RuleViolation("org_unit_loop", message, field="into")
        below = OrgUnit.objects.filter(parent=unit, deleted_at=None).order_by("pk")
        people = User.objects.present().filter(org_unit=unit).order_by("pk").values_list("pk", flat=True)
        moves = [OrgUnitMove(each, target) for each in below]
        # First, so that its name is free for one of its own units.
        write_units([_deleted(unit)], {"deleted_at"}, actor=actor)
        all_of(move_org_units_many(moves, actor=actor))
        updates = [UserUpdate(person, {"org_unit": target}, mode="refuse") for person in people]
        all_of(update_users_many(updates, actor=actor))
    return unit


def _deleted(unit: OrgUnit) -> UnitChange:
    unit.deleted_at = timezone.now()
    differences = {"deleted_at": (None, audit.plain(unit.deleted_at))}
    return UnitChange(
        unit, Verb.ORG_UNIT_DELETED, differences, {"parent": audit.plain(unit.parent_id), "deleted": True}
    )


def _units_below(units: Collection[UUID]) -> Counter[UUID]:
    rows = OrgUnit.objects.without_tree_fields().filter(parent__in=units, deleted_at=None).order_by()
    return Counter(dict(rows.values_list("parent_id").annotate(number=Count("pk"))))


def _people_in(units: Collection[UUID]) -> Counter[UUID]:
    rows = User.objects.present().filter(org_unit__in=units).order_by()
    return Counter(dict(rows.values_list("org_unit_id").annotate(number=Count("pk"))))


def _depths(units: Collection[UUID]) -> Mapping[UUID, int]:
    """How many units stand above each of these; 0 for one that does not exist."""
    above = parents_above(units)
    depths: dict[UUID, int] = {}
    for unit in units:
        here, depths[unit] = above.get(unit), 0
        while here is not None and depths[unit] < len(above):
            here, depths[unit] = above.get(here), depths[unit] + 1
    return depths
