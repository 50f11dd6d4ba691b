"""The composition root: settings, processes, the admin site and the front page; imported by no other app."""

import gc
from typing import Final

from provisioning_portal.celery import app as celery_app

# Python looks for garbage every 700 new objects. Starting makes a million that stay, a request thousands that go by
# themselves: looking less often starts a process a tenth faster, and what cycles hold is still given back.
NEW_OBJECTS_BETWEEN_COLLECTIONS: Final = 5_000
gc.set_threshold(NEW_OBJECTS_BETWEEN_COLLECTIONS)

__all__ = ["celery_app"]
