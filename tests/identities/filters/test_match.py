"""Evaluation in memory, clause by clause."""

from identities.filters.match import explain, matches
from identities.filters.parse import parse

DOCUMENT = {
    "id": "6a0f3f5c-0000-4000-8000-000000000001",
    "userName": "Anna",
    "active": True,
    "emails": [{"value": "anna@example.com", "type": "work", "primary": True}],
    "custom": {"badge": 7, "tags": ["red", "blue"]},
    "groups": [{"value": "g1", "display": "Guides"}],
    "manager": None,
}


def test_the_clauses_of_an_explanation() -> None:
    filter_ = parse('userName eq "anna" and (title pr or not (groups.display eq "guides")) and active ne false', "User")
    clause = explain(filter_, DOCUMENT)
    assert clause.truth is False
    assert [child.text for child in clause.children] == [
        'userName eq "anna"',
        'title pr or not (groups.display eq "guides")',
        "active ne false",
    ]
    assert [child.truth for child in clause.children] == [True, False, True]
    title, negation = clause.children[1].children
    assert (title.truth, negation.truth, negation.children[0].truth) == (False, False, True)
    assert clause.children[2].children == ()


def test_what_the_document_does_not_say_is_unknown() -> None:
    without_groups = {name: value for name, value in DOCUMENT.items() if name != "groups"}
    in_guides, in_group = parse('groups.display eq "guides"', "User"), parse('groups[display eq "guides"]', "User")
    for filter_ in (in_guides, in_group, parse("groups pr", "User"), parse('groups.value ne "g1"', "User")):
        assert explain(filter_, without_groups).truth is None
        assert not matches(filter_, without_groups)
    certain = parse('userName eq "anna" or groups pr', "User")
    impossible = parse('userName eq "ben" and groups pr', "User")
    open_ = parse('userName eq "anna" and groups pr', "User")
    outcomes = [explain(filter_, without_groups).truth for filter_ in (certain, impossible, open_)]
    assert outcomes == [True, False, None]
    assert explain(parse('manager.displayName eq "x"', "User"), DOCUMENT).truth is False


def test_custom_attributes_compare_by_their_type() -> None:
    for text in (
        "custom.badge eq 7",
        "custom.badge gt 6.5",
        'custom.tags eq "red"',
        'custom.tags co "lu"',
        "custom.tags pr",
    ):
        assert matches(parse(text, "User"), DOCUMENT), text
    for text in (
        'custom.badge eq "7"',
        "custom.badge eq true",
        'custom.tags eq "RED"',
        "custom.other pr",
        "custom.badge gt 7",
    ):
        assert not matches(parse(text, "User"), DOCUMENT), text
