"""Reading filters: what is refused, where, and what names mean."""

import pytest

from identities.errors import RuleViolation
from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA, RESERVED_NAMES, Attribute, MultiValued, find
from identities.filters.parse import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH, parse
from identities.filters.tree import Every, Negation, Select, Test


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('userName eq "a', 13),
        ('userName eq "a" or', 17),
        ("userName zz 1", 10),
        ('(userName eq "a"', 14),
        ("(" * (MAX_DEPTH + 1) + "userName pr" + ")" * (MAX_DEPTH + 1), MAX_DEPTH + 1),
        ("title pr or " * 400, MAX_LENGTH + 1),
        ("nonsense pr", None),
    ],
)
def test_a_refusal_names_the_place(text: str, position: int | None) -> None:
    with pytest.raises(RuleViolation) as refusal:
        parse(text, "User")
    assert refusal.value.code == "invalid_filter"
    assert refusal.value.facts["position"] == position


@pytest.mark.parametrize(
    "text",
    [
        "title eq 5",
        "title eq true",
        "title gt null",
        "active co true",
        'active eq "perhaps"',
        'id co "a"',
        'meta.created sw "2020"',
        'meta.created eq "2020-13-01T00:00:00Z"',
        'meta.created eq "9999-12-31T23:59:59-14:00"',
        'startDate eq "today"',
        "custom.badge co 5",
        "custom.badge gt true",
        "custom.badge eq 1e300",
        'name eq "x"',
        'userName[givenName eq "x"]',
        'emails[nonsense eq "x"]',
        f'emails[{ENTERPRISE_SCHEMA}:department eq "x"]',
        'urn:x:y:userName eq "x"',
        'externalId eq "x"',
        'userName eq "\\u0000"',
        'userName eq "\\udc00"',
        " or ".join(["id pr"] * (MAX_CLAUSES + 1)),
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(RuleViolation):
        parse(text, "User")


def test_names_in_every_spelling() -> None:
    for name in (
        "department",
        "DEPARTMENT",
        f"{ENTERPRISE_SCHEMA}:Department",
        f"{ENTERPRISE_SCHEMA.upper()}:department",
    ):
        test = parse(f'{name} eq "x"', "User").root
        assert isinstance(test, Test)
        assert test.attribute.column == "department"
    assert isinstance(find("User", None, "EMAILS"), MultiValued)
    assert find("Group", None, "userName") is None
    assert find("Group", None, "custom.x") is None


def test_custom_attributes_go_by_two_names() -> None:
    short, long = find("User", None, "custom.badgeNo"), find("User", PORTAL_SCHEMA, "badgeNo")
    assert isinstance(short, Attribute)
    assert short == long
    assert short.where == ("custom", "badgeNo")
    for name in RESERVED_NAMES:
        reserved = find("User", PORTAL_SCHEMA, name)
        assert not isinstance(reserved, Attribute) or reserved.column != "custom"


def test_a_comparison_with_a_complex_attribute_means_its_value() -> None:
    emails, manager = parse('emails eq "a@b.c"', "User").root, parse('manager eq "1"', "User").root
    assert isinstance(emails, Test)
    assert isinstance(manager, Test)
    assert (emails.attribute.path, manager.attribute.path) == ("emails.value", "manager.value")


def test_not_equal_is_the_negation_of_equal() -> None:
    root = parse('title ne "x" and emails[type ne "work"]', "User").root
    assert isinstance(root, Every)
    negation, selection = root.terms
    assert isinstance(negation, Negation)
    assert isinstance(selection, Select)
    assert isinstance(selection.inner, Negation)


def test_texts_are_folded_and_fragments_keep_their_blanks() -> None:
    whole, part = parse('title eq " ÉTÉ "', "User").root, parse('title co "E\u0301 "', "User").root
    assert isinstance(whole, Test)
    assert isinstance(part, Test)
    assert (whole.value, part.value) == ("été", "é ")
