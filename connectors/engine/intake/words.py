"""What a plan is to do, and what became of it, as people say it."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.vocabulary import RowState

APPLIED: Final = "applied"
"""Under which the counts of a run have what became of the rows."""
ROW_WORDS: Final[dict[str, str | Promise]] = {
    RowState.LIFT: gettext_lazy("enable again"),
    RowState.CLOSE: gettext_lazy("delete"),
}
_DONE_WORDS: Final[dict[str, str | Promise]] = {
    "lifted": gettext_lazy("enabled again"),
    "closed": gettext_lazy("deleted"),
}


def counts_in_words(counts: Mapping[str, int], *, done: bool) -> list[str]:
    """Each count with what it counts: `3 enable again`.

    Args:
        done: it is what became of the rows and not what is planned.
    """
    return [f"{number} {_word(name, done=done)}" for name, number in counts.items() if number]


def _word(name: str, *, done: bool) -> str:
    """The word of a count; of another part than the import's own, the part stands before it."""
    part, _separator, verb = name.rpartition("_")
    words = _DONE_WORDS if done else ROW_WORDS
    return f"{_(part.replace('_', ' '))} {words.get(verb, _(verb))}" if part else str(words.get(verb, _(verb)))
