"""The notes of the request log in words: how a request was understood where it deviated, and what was not done."""

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# By the codes that `identities.scim` notes; those of tolerated deviations are the names in docs/scim.md.
NOTE_WORDS: Final[dict[str, Promise]] = {
    "capital_operations": gettext_lazy("An operation was not spelt in small letters; it was read all the same"),
    "dotted_keys": gettext_lazy("A value without a path held paths as names; they were followed"),
    "quoted_booleans_in_filters": gettext_lazy("A quoted true or false was read as such"),
    "missing_schemas": gettext_lazy("Schemas were left out; they were taken from what was sent"),
    "empty_values": gettext_lazy("Something empty was read as not there"),
    "put_only": gettext_lazy("What only the portal decides was sent back; it was ignored"),
    "plain_entries": gettext_lazy("A text was read as the value of an entry"),
    "empty_entries": gettext_lazy("An entry without a value was left out"),
    "single_value_list": gettext_lazy("A list of one was read as its value"),
    "enterprise_without_schema": gettext_lazy("The schema of an enterprise attribute was added"),
    "string_booleans": gettext_lazy("A text was read as true or false"),
    "manager_text": gettext_lazy("The manager came as a text and was read as an id"),
    "manager_display_name": gettext_lazy("The manager's name was ignored"),
    "unknown_attributes": gettext_lazy("The portal does not know this; it was ignored"),
    "remove_by_value": gettext_lazy("Entries were removed by their values"),
    "filter_creates_entry": gettext_lazy("The path selected nothing; the entry it describes was created"),
    "resource_id_in_value": gettext_lazy("The id within a value was ignored"),
    "owned_values_kept": gettext_lazy("A value that belongs to somebody else was named; it stayed"),
    "kept": gettext_lazy("It stayed as it was, because somebody else decides about it"),
    "ignored": gettext_lazy("It is not taken from clients; it was ignored"),
    "adopted": gettext_lazy("The person was there already; this client adopted it"),
    "left_out": gettext_lazy("So many further requests of unknown callers are not listed"),
}


def note_in_words(note: Any) -> str:
    """One note as the log keeps it (`code`, `subject`), or a plain text."""
    if not isinstance(note, dict):
        return str(note)
    code, subject = str(note.get("code", "")), note.get("subject")
    words = str(NOTE_WORDS.get(code, code))
    return _("%(words)s: %(subject)s") % {"words": words, "subject": subject} if subject else words
