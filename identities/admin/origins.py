"""Origins in words."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.models import ApiClient

_PLAIN: Final[dict[str, Promise]] = {
    "admin": gettext_lazy("administrators"),
    "self": gettext_lazy("the person"),
    "rule:clock": gettext_lazy("the clock"),
}


class OriginNames:
    """Names of origins for one page: API clients are read once."""

    def __init__(self) -> None:
        self._clients: dict[str, str] | None = None

    def name(self, origin: str) -> str:
        """What to call this origin."""
        if origin in _PLAIN:
            return str(_PLAIN[origin])
        kind, _sep, name = origin.partition(":")
        if kind == "scim":
            return _("API client %(name)s") % {"name": self._client_names().get(name, name)}
        if kind == "file":
            return _("import %(name)s") % {"name": name}
        return origin

    def _client_names(self) -> dict[str, str]:
        if self._clients is None:
            self._clients = {str(pk): name for pk, name in ApiClient.objects.values_list("pk", "name")}
        return self._clients
