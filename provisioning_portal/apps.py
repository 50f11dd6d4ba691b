"""The portal and its admin site as Django knows them."""

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


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
