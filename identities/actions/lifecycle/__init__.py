"""The life of a user: suspending, activating, deprovisioning, deleting, restoring, and the clock that acts on dates."""

from identities.actions.lifecycle.clock import run_clock
from identities.actions.lifecycle.deletion import (
    delete_user,
    delete_users_many,
    restore_user,
    restore_users_many,
)
from identities.actions.lifecycle.states import (
    activate_user,
    activate_users_many,
    deprovision_user,
    deprovision_users_many,
)
from identities.actions.lifecycle.suspension import (
    lift_suspension,
    lift_suspensions_many,
    suspend_user,
    suspend_users_many,
)

__all__ = [
    "activate_user",
    "activate_users_many",
    "delete_user",
    "delete_users_many",
    "deprovision_user",
    "deprovision_users_many",
    "lift_suspension",
    "lift_suspensions_many",
    "restore_user",
    "restore_users_many",
    "run_clock",
    "suspend_user",
    "suspend_users_many",
]
