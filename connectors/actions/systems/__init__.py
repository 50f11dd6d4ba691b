"""Connected systems: made, changed, tested, started, stopped and removed."""

from connectors.actions.systems.inquiry import discover_system, test_system
from connectors.actions.systems.rotation import rotate_every_secret
from connectors.actions.systems.running import delete_system, pause_system, resume_system, start_push
from connectors.actions.systems.settings import UpdateResult, create_system, set_scope, update_system

__all__ = [
    "UpdateResult",
    "create_system",
    "delete_system",
    "discover_system",
    "pause_system",
    "resume_system",
    "rotate_every_secret",
    "set_scope",
    "start_push",
    "test_system",
    "update_system",
]
