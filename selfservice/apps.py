"""Django's description of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SelfserviceConfig(AppConfig):
    """The app as Django knows it."""

    name = "selfservice"
    verbose_name = _("Selfservice")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what allauth reports."""
        import selfservice.receivers  # noqa: F401  importing it connects them
