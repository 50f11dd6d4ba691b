"""Filters that differ only in their texts share one template."""

import pytest

from identities.filters.template import template


def test_texts_are_taken_out_and_folded() -> None:
    first = template('userName eq "Änna" and (emails.value co "@X" or not (title sw "b\\"c"))', "User")
    second = template('userName eq "b" and (emails.value co "c" or not (title sw "d"))', "User")
    assert first is not None
    assert second is not None
    assert first[0] is second[0]
    assert first[1] == ("änna", "@x", 'b"c')
    assert second[1] == ("b", "c", "d")


@pytest.mark.parametrize(
    "text",
    [
        "active eq true",
        'userName eq ""',
        'id eq "5"',
        'externalId eq "5"',
        'meta.created gt "2020-01-01T00:00:00Z"',
        'userName eq "a" and startDate eq "2020-01-01"',
        'userName eq "a\\ud800"',
        'nonsense eq "a"',
        'userName eq "a" and',
        'custom.badge eq "5"',
    ],
)
def test_what_must_be_read_whole_has_none(text: str) -> None:
    assert template(text, "User") is None
