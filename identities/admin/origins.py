"""Origins in words."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.models import ApiClient, Group
from identities.vocabulary import GroupKind

_PLAIN: Final[dict[str, Promise]] = {
    "admin": gettext_lazy("administrators"),
    "self": gettext_lazy("the person"),
    "rule:clock": gettext_lazy("the clock"),
}


class OriginNames:
    """Names of origins for one page: API clients and dynamic groups are read once."""

    def __init__(self) -> None:
        self._groups: dict[str, str] | None = None
        self._clients: dict[str, str] | None = None

    def name(self, origin: str) -> str:
        """What to call this origin."""
        if origin in _PLAIN:
            return str(_PLAIN[origin])
        kind, _sep, name = origin.partition(":")
        if kind == "scim":
            return _("API client %(name)s") % {"name": self._client_names().get(name, name)}
        if kind == "rule":
            return _("the rule of %(name)s") % {"name": self._group_names().get(name, name)}
        if kind == "file":
            return _("import %(name)s") % {"name": name}
        return origin

    def _client_names(self) -> dict[str, str]:
        if self._clients is None:
            self._clients = {str(pk): name for pk, name in ApiClient.objects.values_list("pk", "name")}
        return self._clients

    def _group_names(self) -> dict[str, str]:
        if self._groups is None:
            dynamic = Group.objects.filter(kind=GroupKind.DYNAMIC)
            self._groups = {str(pk): name for pk, name in dynamic.values_list("pk", "display_name")}
        return self._groups
