"""The portal and its admin site as Django knows them."""

import gc
from typing import Final

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _

USUAL_NEW_OBJECTS: Final = 700
"""Between two looks of Python for garbage, as it comes."""


class PortalConfig(AppConfig):
    """The composition root; it has no models of its own."""

    name = "provisioning_portal"
    verbose_name = _("Provisioning portal")


class PortalAdminConfig(AdminConfig):
    """Makes the portal's admin site the one that apps register with."""

    default_site = "provisioning_portal.admin_site.PortalAdminSite"

    def ready(self) -> None:
        """Find the apps' pages, and add the one that needs the admin and the SCIM face."""
        super().ready()
        from provisioning_portal.console import console

        admin.site.add_page("scim/console/", console, "scim_console")
        # Nearly everything is loaded, and stays: it need not be looked at again for garbage.
        gc.freeze()
        gc.set_threshold(USUAL_NEW_OBJECTS)
