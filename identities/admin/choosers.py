"""Fields in which one looks for people, groups or org units as one types."""

from typing import Any
from uuid import UUID

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple


class _KnownOnly:
    """Shows of what was sent only what can be an id: Django asks the database for the rest, too, which fails."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        """The choices to show, which are the chosen ones."""
        return super().optgroups(name, [each for each in value if _is_id(each)], attrs)  # type: ignore[misc]


class Chooser(_KnownOnly, AutocompleteSelect):
    """Chooses one."""


class ChooserOfSeveral(_KnownOnly, AutocompleteSelectMultiple):
    """Chooses several."""


def _is_id(text: str) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return not text
    return True
