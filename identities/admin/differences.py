"""Old and new values of an audit entry, for people to read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from identities.admin.origins import OriginNames
from identities.admin.words import name_in_words
from identities.models import AuditEntry, Group, OrgUnit, User

# Differences that hold the id of something else, and of what.
_REFERENCES: Final[dict[str, tuple[Any, ...]]] = {
    "manager": (User,),
    "members": (User, Group),
    "org_unit": (OrgUnit,),
    "parent": (OrgUnit,),
    "scope_groups": (Group,),
    "scope_org_units": (OrgUnit,),
}
_ORIGINS: Final = ("default_origin", "suspensions")
_MOST: Final = 20


class Differences:
    """The differences of the entries of one page. What they refer to is read once for all of them."""

    def __init__(self, entries: Iterable[AuditEntry]) -> None:
        self._origins = OriginNames()
        self._names = _names(list(entries))

    def render(self, entry: AuditEntry) -> SafeString:
        """The differences of one entry as a small table; nothing when there are none."""
        return render_to_string("admin/identities/differences.html", {"rows": list(self._rows(entry))})

    def _rows(self, entry: AuditEntry) -> Iterator[tuple[str, str, str]]:
        for name, (old, new) in (entry.changes or {}).items():
            yield name_in_words(name), self._text(name, old), self._text(name, new)

    def _text(self, attribute: str, value: Any) -> str:
        if value in (None, "", [], {}):
            return ""
        if isinstance(value, bool) or value in ("True", "False"):
            return _("yes") if value in (True, "True") else _("no")
        if isinstance(value, list):
            shown = ", ".join(self._text(attribute, each) for each in value[:_MOST])
            more = len(value) - _MOST
            return _("%(shown)s and %(number)d more") % {"shown": shown, "number": more} if more > 0 else shown
        if isinstance(value, Mapping):
            return _entry(value)
        if attribute in _ORIGINS:
            return self._origins.name(str(value))
        return self._names.get(str(value), str(value))


def _entry(value: Mapping[str, Any]) -> str:
    """A multi-valued attribute's entry: its value, and what is said of it; or any other object's parts."""
    if "value" not in value:
        return ", ".join(f"{name_in_words(name)}: {part}" for name, part in value.items() if name != "primary")
    said = [str(value[name]) for name in ("type", "display") if value.get(name)]
    said += [_("primary")] if value.get("primary") else []
    return f"{value['value']} ({', '.join(said)})" if said else str(value["value"])


def _names(entries: list[AuditEntry]) -> dict[str, str]:
    """What the ids in these entries are called now, by id, as far as it still exists."""
    wanted: dict[Any, set[UUID]] = {User: set(), Group: set(), OrgUnit: set()}
    for entry in entries:
        for attribute, values in (entry.changes or {}).items():
            for model in _REFERENCES.get(attribute, ()):
                wanted[model].update(_ids(values))
    return {str(each.pk): str(each) for model, ids in wanted.items() for each in model.objects.filter(pk__in=ids)}


def _ids(values: Iterable[Any]) -> Iterator[UUID]:
    for value in values:
        for each in value[:_MOST] if isinstance(value, list) else [value]:
            try:
                yield UUID(str(each))
            except ValueError:
                continue
