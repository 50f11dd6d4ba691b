"""The org structure: creating, changing, moving and deleting org units."""

from identities.actions.org_units.arguments import NewOrgUnit, OrgUnitMove, OrgUnitUpdate
from identities.actions.org_units.create import create_org_unit, create_org_units_many
from identities.actions.org_units.deletion import delete_org_unit, delete_org_units_many
from identities.actions.org_units.move import move_org_unit, move_org_units_many
from identities.actions.org_units.update import update_org_unit, update_org_units_many

__all__ = [
    "NewOrgUnit",
    "OrgUnitMove",
    "OrgUnitUpdate",
    "create_org_unit",
    "create_org_units_many",
    "delete_org_unit",
    "delete_org_units_many",
    "move_org_unit",
    "move_org_units_many",
    "update_org_unit",
    "update_org_units_many",
]
