"""Moving org units within the tree."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from identities import audit
from identities.actions.batches import each, in_chunks, one
from identities.actions.org_units.arguments import OrgUnitMove
from identities.actions.org_units.values import SiblingNames
from identities.actions.org_units.writing import (
    UnitChange,
    check_owner,
    lock_units,
    present,
    unit_id_of,
    write_units,
)
from identities.actions.turns import Turn, take_turn
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import OrgUnit
from identities.queries.recursion import parents_above
from identities.rules.chains import closes_loop
from identities.vocabulary import Verb


def move_org_unit(unit: OrgUnit | UUID, *, actor: Actor, parent: OrgUnit | UUID | None) -> OrgUnit:
    """Put an org unit, with everything below it, below another one (None: at the top). Nothing happens if it is there.

    Raises:
        NotFound; ValueOwned; RuleViolation `org_unit_loop`: a unit cannot stand below itself; Conflict
        `org_unit_name_taken`: one of that name stands there.
    """
    return one(move_org_units_many([OrgUnitMove(unit, parent)], actor=actor))


def move_org_units_many(moves: Sequence[OrgUnitMove], *, actor: Actor) -> list[OrgUnit | IdentityError]:
    """Make many moves, in this order, in transactions of at most `CHUNK`; what `move_org_unit` would raise stands in
    the place of the unit.
    """
    return in_chunks(partial(_move, actor), moves)


def _move(actor: Actor, moves: Sequence[OrgUnitMove]) -> list[OrgUnit | IdentityError]:
    take_turn(Turn.ORG_UNITS)
    targets = {unit_id_of(move.parent) for move in moves if move.parent is not None}
    locked = lock_units({unit_id_of(move.unit) for move in moves} | targets)
    above = parents_above(targets) if targets else {}
    names = SiblingNames.holding(unit.name for unit in locked.values())
    changes: list[UnitChange] = []

    def step(move: OrgUnitMove) -> OrgUnit:
        unit = present(locked, unit_id_of(move.unit))
        target = None if move.parent is None else present(locked, unit_id_of(move.parent))
        before, after = unit.parent_id, None if target is None else target.pk
        if before == after:
            return unit
        check_owner(unit, actor, "parent")
        if closes_loop(unit.pk, after, above):
            raise RuleViolation("org_unit_loop", _("An org unit cannot stand below itself."), field="parent")
        names.take(unit, after)
        unit.parent = target
        # For the moves that follow.
        above[unit.pk] = after
        differences = {"parent": (audit.plain(before), audit.plain(after))}
        changes.append(UnitChange(unit, Verb.ORG_UNIT_MOVED, differences, {"parent": audit.plain(before)}))
        return unit

    results = each(step, moves)
    write_units(changes, {"parent"}, actor=actor)
    return results
