"""The composition root: settings, processes, the admin site and the front page; imported by no other app."""

from provisioning_portal.celery import app as celery_app

__all__ = ["celery_app"]
