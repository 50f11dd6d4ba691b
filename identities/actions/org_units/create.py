"""Creating org units."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.utils import timezone

from identities import audit
from identities.actions.batches import each, in_chunks, one
from identities.actions.org_units.arguments import NewOrgUnit
from identities.actions.org_units.values import Codes, Managers, SiblingNames
from identities.actions.org_units.writing import UnitChange, lock_units, present, tell_of_units, unit_id_of
from identities.actors import Actor
from identities.errors import IdentityError
from identities.models import OrgUnit, User
from identities.rules.naming import check_name
from identities.vocabulary import Verb


def create_org_unit(
    *,
    actor: Actor,
    name: str,
    code: str = "",
    parent: OrgUnit | UUID | None = None,
    manager: User | UUID | None = None,
) -> OrgUnit:
    """Create an org unit. Without a code, its name is its key in the outside world.

    Raises:
        Conflict: `org_unit_code_taken`, `org_unit_name_taken` (by a sibling).
        NotFound: `org_unit_not_found` for the parent.
        RuleViolation: a text is not allowed, or `unknown_manager`.
    """
    return one(create_org_units_many([NewOrgUnit(name, code, parent, manager)], actor=actor))


def create_org_units_many(rows: Sequence[NewOrgUnit], *, actor: Actor) -> list[OrgUnit | IdentityError]:
    """Create many org units, in transactions of at most `CHUNK`; what `create_org_unit` would raise stands in the
    place of the unit.
    """
    return in_chunks(partial(_create, actor), rows)


def _create(actor: Actor, rows: Sequence[NewOrgUnit]) -> list[OrgUnit | IdentityError]:
    parents = lock_units([unit_id_of(row.parent) for row in rows if row.parent is not None])
    managers = Managers.among([row.manager for row in rows])
    codes = Codes.holding(row.code or row.name for row in rows)
    names = SiblingNames.holding(row.name.strip() for row in rows)
    changes: list[UnitChange] = []

    def step(row: NewOrgUnit) -> OrgUnit:
        now = timezone.now()
        unit = OrgUnit(
            name=check_name("name", row.name),
            code=check_name("code", row.code or row.name),
            parent=None if row.parent is None else present(parents, unit_id_of(row.parent)),
            manager=managers.person(row.manager),
            origin=actor.origin,
            created_at=now,
            modified_at=now,
        )
        names.take(unit, unit.parent_id)
        codes.take(unit)
        written = {"name": unit.name, "code": unit.code, "parent": unit.parent_id, "manager": unit.manager_id}
        differences = {key: (None, audit.plain(value)) for key, value in written.items() if value}
        changes.append(UnitChange(unit, Verb.ORG_UNIT_CREATED, differences))
        return unit

    results = each(step, rows)
    OrgUnit.objects.bulk_create([change.unit for change in changes])
    tell_of_units(changes, actor=actor)
    return results
