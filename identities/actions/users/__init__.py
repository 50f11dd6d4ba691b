"""Creating people and changing their values."""

from identities.actions.users.arguments import NewUser, UpdateResult, UserAttributes, UserUpdate
from identities.actions.users.create import create_user, create_users_many
from identities.actions.users.ownership import override_rows, override_value, release_ownership
from identities.actions.users.update import update_user, update_users_many

__all__ = [
    "NewUser",
    "UpdateResult",
    "UserAttributes",
    "UserUpdate",
    "create_user",
    "create_users_many",
    "override_rows",
    "override_value",
    "release_ownership",
    "update_user",
    "update_users_many",
]
