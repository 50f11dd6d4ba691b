"""Values in words: the same value is said as its own vocabulary says it."""

import pytest

from connectors.vocabulary import RemovalPolicy, RowState
from identities.admin.words import choices_in_words, in_words
from identities.vocabulary import MappingApply, PayloadKeeping


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MappingApply.ALWAYS, "always"),
        (PayloadKeeping.ALWAYS, "of every request"),
        (RowState.REFUSED, "refused"),
        (PayloadKeeping.REFUSED, "of refused requests"),
        (RowState.DISABLE, "disable"),
        (RemovalPolicy.DISABLE, "disable the account"),
        ("in_no_vocabulary", "in no vocabulary"),
    ],
)
def test_a_value_is_said_as_in_its_vocabulary(value: str, words: str) -> None:
    assert in_words(value) == words


def test_choices_are_said_as_in_their_vocabulary() -> None:
    assert choices_in_words(MappingApply)[0] == ("always", "always")
