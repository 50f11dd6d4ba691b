"""The WSGI application that a web process serves."""

import os

from django.core.wsgi import get_wsgi_application

from provisioning_portal.chunked_bodies import measured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "provisioning_portal.settings")

application = measured(get_wsgi_application())
