"""Changing org units where they stand."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from identities import audit
from identities.actions.batches import each, in_chunks, one
from identities.actions.org_units.arguments import OrgUnitUpdate
from identities.actions.org_units.values import Codes, Managers, SiblingNames
from identities.actions.org_units.writing import (
    UnitChange,
    check_owner,
    lock_units,
    present,
    unit_id_of,
    write_units,
)
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import OrgUnit
from identities.rules.naming import check_name
from identities.vocabulary import Verb


def update_org_unit(unit: OrgUnit | UUID, *, actor: Actor, changes: Mapping[str, Any]) -> OrgUnit:
    """Change `name`, `code` or `manager`. The writer owns the unit from then on. No difference writes nothing.

    Raises:
        NotFound; ValueOwned; Conflict `org_unit_code_taken`, `org_unit_name_taken` (by a sibling).
        RuleViolation: a text is not allowed, `unknown_manager`, or the attribute is unknown.
    """
    return one(update_org_units_many([OrgUnitUpdate(unit, changes)], actor=actor))


def update_org_units_many(updates: Sequence[OrgUnitUpdate], *, actor: Actor) -> list[OrgUnit | IdentityError]:
    """Change many org units, each of which may appear once, in transactions of at most `CHUNK`; what `update_org_unit`
    would raise stands in the place of the unit.
    """
    return in_chunks(partial(_update, actor), updates)


def _update(actor: Actor, updates: Sequence[OrgUnitUpdate]) -> list[OrgUnit | IdentityError]:
    locked = lock_units([unit_id_of(update.unit) for update in updates])
    managers = Managers.among([update.changes.get("manager") for update in updates])
    codes = Codes.holding(update.changes.get("code") for update in updates)
    names = SiblingNames.holding(_stripped(update.changes.get("name")) for update in updates)
    changes: list[UnitChange] = []

    def step(update: OrgUnitUpdate) -> OrgUnit:
        cleaned = {name: _clean(name, value, managers) for name, value in update.changes.items()}
        unit = present(locked, unit_id_of(update.unit))
        changed = {name: value for name, value in cleaned.items() if getattr(unit, name) != value}
        if not changed:
            return unit
        check_owner(unit, actor, *changed)
        differences = {name: (audit.plain(getattr(unit, name)), audit.plain(value)) for name, value in changed.items()}
        for name, value in changed.items():
            setattr(unit, name, value)
        if "name" in changed:
            names.take(unit, unit.parent_id)
        if "code" in changed:
            codes.take(unit)
        changes.append(UnitChange(unit, Verb.ORG_UNIT_CHANGED, differences))
        return unit

    results = each(step, updates)
    write_units(changes, {name for change in changes for name in change.differences}, actor=actor)
    return results


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _clean(name: str, value: Any, managers: Managers) -> Any:
    if name == "manager":
        return managers.person(value)
    if name in ("name", "code"):
        return check_name(name, value if isinstance(value, str) else "")
    raise RuleViolation("unknown_attribute", f"Org units have no attribute {name}.", field=name)
