"""Who may write whose values."""

import pytest

from identities.rules.ownership import NOBODY, may_write, owner_of, owners_after_write, rank

RANKED = ["admin", "file:hr", "scim:a", "rule:1", "idp:x", "self"]


def test_a_higher_origin_may_write_and_a_lower_one_may_not() -> None:
    for place, higher in enumerate(RANKED):
        for lower in RANKED[place + 1 :]:
            assert may_write(higher, lower)
            assert not may_write(lower, higher)


@pytest.mark.parametrize("origin", [*RANKED, "system:7", "somebody:else"])
def test_everybody_may_write_their_own_and_nobodys(origin: str) -> None:
    assert may_write(origin, origin)
    assert may_write(origin, None)
    assert may_write(origin, NOBODY)


@pytest.mark.parametrize(("one", "other"), [("file:hr", "system:7"), ("scim:a", "scim:b"), ("idp:x", "idp:y")])
def test_equals_do_not_write_over_each_other(one: str, other: str) -> None:
    assert rank(one) == rank(other)
    assert not may_write(one, other)
    assert not may_write(other, one)


def test_an_unknown_origin_ranks_last() -> None:
    assert rank("somebody:else") > rank("self")


def test_an_attribute_may_have_an_order_of_its_own() -> None:
    assert may_write("self", "file:hr", order=(("self",), ("file",)))
    assert not may_write("file:hr", "self", order=(("self",), ("file",)))


def test_an_empty_value_belongs_to_nobody_until_somebody_cleared_it() -> None:
    assert owner_of("title", "", {}, "file:hr") is None
    assert owner_of("title", "Boss", {}, "file:hr") == "file:hr"
    assert owner_of("title", "Boss", {"title": "self"}, "file:hr") == "self"
    assert owner_of("title", "", {"title": "file:hr"}, "file:hr") == "file:hr"
    assert owner_of("title", "Boss", {"title": NOBODY}, "file:hr") is None


def test_only_exceptions_to_the_default_are_kept() -> None:
    owners = owners_after_write("title", "Boss", {"nick_name": "self"}, "file:hr", "admin")
    assert owners == {"nick_name": "self", "title": "admin"}
    assert owners_after_write("title", "Chief", owners, "file:hr", "file:hr") == {"nick_name": "self"}
    assert owners_after_write("title", "", owners, "file:hr", "file:hr") == {"nick_name": "self", "title": "file:hr"}
