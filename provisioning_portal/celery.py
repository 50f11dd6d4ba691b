"""The Celery application. Tasks are doorbells: they carry nothing, and losing one loses nothing."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "provisioning_portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """Leave logging as the settings have it: Celery sets up its own only where nobody listens here."""
