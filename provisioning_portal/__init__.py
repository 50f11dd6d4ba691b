"""The composition root: settings, processes, the admin site and the front page; imported by no other app."""

import gc
from typing import Final

from provisioning_portal.celery import app as celery_app

# Python looks for garbage every 700 new objects. Starting makes a million that stay: looking less often until the apps
# are ready (`apps`) starts a process a tenth faster.
NEW_OBJECTS_WHILE_STARTING: Final = 50_000
gc.set_threshold(NEW_OBJECTS_WHILE_STARTING)

__all__ = ["celery_app"]
