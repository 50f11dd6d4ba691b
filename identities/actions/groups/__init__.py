"""Creating, changing, deleting and restoring groups. Members are the business of `memberships`."""

from identities.actions.groups.arguments import GroupRule, GroupUpdate, GroupUpdateResult, NewGroup
from identities.actions.groups.create import create_group, create_groups_many
from identities.actions.groups.deletion import delete_group, delete_groups_many, restore_group, restore_groups_many
from identities.actions.groups.rules import set_rule, set_rules_many
from identities.actions.groups.update import update_group, update_groups_many

__all__ = [
    "GroupRule",
    "GroupUpdate",
    "GroupUpdateResult",
    "NewGroup",
    "create_group",
    "create_groups_many",
    "delete_group",
    "delete_groups_many",
    "restore_group",
    "restore_groups_many",
    "set_rule",
    "set_rules_many",
    "update_group",
    "update_groups_many",
]
