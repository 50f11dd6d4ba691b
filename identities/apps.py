"""Django's description of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentitiesConfig(AppConfig):
    """The app as Django knows it."""

    name = "identities"
    verbose_name = _("Identities")
    default_auto_field = "django.db.models.BigAutoField"
