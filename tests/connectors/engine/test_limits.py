"""The removal brake's arithmetic."""

import pytest

from connectors.engine.limits import RemovalBudget, removal_limit


@pytest.mark.parametrize(
    ("accounts", "limit"), [(0, 20), (107, 20), (200, 20), (209, 20), (210, 21), (1000, 100), (1009, 100)]
)
def test_the_limit_is_twenty_or_ten_percent_whichever_is_more(accounts: int, limit: int) -> None:
    assert removal_limit(20, 10, accounts) == limit


def test_exactly_the_limit_goes_through() -> None:
    assert RemovalBudget(removed=19, limit=20).has_room
    assert not RemovalBudget(removed=20, limit=20).has_room
    assert not RemovalBudget(removed=50, limit=20).has_room


def test_a_limit_of_nothing_holds_everything() -> None:
    assert not RemovalBudget(removed=0, limit=removal_limit(0, 0, 5000)).has_room
