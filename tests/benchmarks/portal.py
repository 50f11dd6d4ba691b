"""The portal as the benchmark runs it: as it is, but nobody is turned away for asking often."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "provisioning_portal.settings")
django.setup()

from identities.scim.callers import throttling  # noqa: E402
from provisioning_portal.wsgi import application  # noqa: E402

throttling.RATE_REQUESTS = 1_000_000_000

__all__ = ["application"]
