"""Values that pages show, in words."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.vocabulary import (
    AdoptionRule,
    AttributeKind,
    ClientProfile,
    ClientScope,
    ClientSight,
    MappingApply,
    ObjectType,
    PayloadKeeping,
)

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_words: dict[str, str | Promise] = {
    ObjectType.USER: gettext_lazy("person"),
    ObjectType.ORG_UNIT: gettext_lazy("org unit"),
    ClientProfile.RFC: gettext_lazy("any SCIM client, strictly by the standard"),
    ClientProfile.ENTRA: "Microsoft Entra ID",
    ClientProfile.OKTA: "Okta",
    ClientScope.READ: gettext_lazy("read people and groups"),
    ClientScope.WRITE_USERS: gettext_lazy("write people"),
    ClientScope.WRITE_GROUPS: gettext_lazy("write groups"),
    ClientScope.READ_ORG_UNITS: gettext_lazy("read org units"),
    ClientScope.WRITE_ORG_UNITS: gettext_lazy("write org units"),
    AdoptionRule.REFUSE: gettext_lazy("are refused to this client"),
    AdoptionRule.USER_NAME: gettext_lazy("are adopted by their user name"),
    AdoptionRule.VERIFIED_EMAIL: gettext_lazy("are adopted by an e-mail address they proved"),
    ClientSight.OWN: gettext_lazy("its own people and groups"),
    ClientSight.EVERYBODY: gettext_lazy("everybody, read-only beside its own"),
    PayloadKeeping.REFUSED: gettext_lazy("of refused requests"),
    PayloadKeeping.ALWAYS: gettext_lazy("of every request"),
    AttributeKind.STRING: gettext_lazy("text"),
    AttributeKind.BOOLEAN: gettext_lazy("yes or no"),
    AttributeKind.INTEGER: gettext_lazy("whole number"),
    AttributeKind.DECIMAL: gettext_lazy("number"),
    AttributeKind.DATE_TIME: gettext_lazy("date and time"),
    MappingApply.ON_CREATE: gettext_lazy("only when the account is made"),
}


# The same value is said differently in different vocabularies: `always` of a mapping, and of what a log keeps.
_own_words: dict[tuple[type, str], str | Promise] = {}


def say(words: Mapping[str, str | Promise]) -> None:
    """Teach the pages words for further values (other apps do, when their pages are loaded)."""
    _words.update(words)
    _own_words.update({(type(value), str(value)): text for value, text in words.items()})


say(dict(_words))


def in_words(value: object) -> str:
    """A value of one of the vocabularies as people say it.

    Given as a member of its vocabulary it is said as there; given as a text alone, as in any vocabulary that has it.
    """
    text = str(value)
    found = _own_words.get((type(value), text)) if isinstance(value, StrEnum) else _words.get(text)
    return str(found) if found is not None else _(text.replace("_", " "))


def choices_in_words(values: Any) -> list[tuple[str, str]]:
    """Choices for a form, in words."""
    return [(value, in_words(value)) for value in values]


def name_in_words(name: str) -> str:
    """The name of an attribute or a verb (`user_name`, `phoneNumbers`, `user.created`) as people say it."""
    spaced = _CAMEL.sub(" ", re.sub(r"[_.]", " ", name))
    return spaced[:1].upper() + spaced[1:].lower()


def moment_in_words(moment: datetime | None) -> str:
    """A moment in the portal's time zone."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else "-"


def to_the_second(moment: datetime) -> str:
    """A moment in the portal's time zone, short, for lists in which many stand in one minute."""
    return date_format(timezone.localtime(moment), "Y-m-d H:i:s")


def mark(text: object, level: str = "") -> SafeString:
    """A word on a coloured ground: `good`, `bad`, `wait`, or plain."""
    return format_html('<span class="mark {}">{}</span>', level, text)


class WordsFilter(admin.ChoicesFieldListFilter):
    """A filter over a field with choices that says them in words."""

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.field = field

    def choices(self, changelist: Any) -> Any:
        """The choices as Django makes them, in words."""
        named = {str(label): in_words(label) for _value, label in self.field.flatchoices}
        for choice in super().choices(changelist):
            yield {**choice, "display": named.get(str(choice["display"]), choice["display"])}
