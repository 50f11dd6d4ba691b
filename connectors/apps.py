"""Django's description of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectorsConfig(AppConfig):
    """The app as Django knows it."""

    name = "connectors"
    verbose_name = _("Connectors")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have a worker look as soon as a change is committed."""
        from connectors.tasks import ring
        from identities import outbox

        outbox.bells.append(ring)
