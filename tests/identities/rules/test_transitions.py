"""The lifecycle's table and what the dates call for."""

from datetime import date
from itertools import product

import pytest

from identities.errors import IllegalTransition
from identities.rules.transitions import (
    TRANSITIONS,
    check_transition,
    is_active,
    state_after_dates_changed,
    state_by_dates,
    state_when_due,
)
from identities.vocabulary import UserState

STAGED, ACTIVE, DEPROVISIONED, PURGED = UserState
TODAY = date(2026, 6, 15)
YESTERDAY, TOMORROW = date(2026, 6, 14), date(2026, 6, 16)

ALLOWED = {
    (STAGED, ACTIVE),
    (STAGED, DEPROVISIONED),
    (STAGED, PURGED),
    (ACTIVE, STAGED),
    (ACTIVE, DEPROVISIONED),
    (DEPROVISIONED, ACTIVE),
    (DEPROVISIONED, STAGED),
    (DEPROVISIONED, PURGED),
}


@pytest.mark.parametrize(("before", "after"), list(product(UserState, repeat=2)))
def test_the_table_allows_these_steps_and_no_others(before: UserState, after: UserState) -> None:
    if (before, after) in ALLOWED:
        check_transition(before, after)
    else:
        with pytest.raises(IllegalTransition):
            check_transition(before, after)


def test_every_state_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(UserState)


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (None, None, ACTIVE),
        (TODAY, None, ACTIVE),
        (TOMORROW, None, STAGED),
        (None, TODAY, ACTIVE),
        (None, YESTERDAY, DEPROVISIONED),
        (YESTERDAY, YESTERDAY, DEPROVISIONED),
        (TOMORROW, TOMORROW, STAGED),
    ],
)
def test_both_dates_are_inclusive(start: date | None, end: date | None, state: UserState) -> None:
    assert state_by_dates(start, end, TODAY) == state


@pytest.mark.parametrize(
    ("state", "start", "end", "due"),
    [
        (STAGED, TODAY, None, ACTIVE),
        (STAGED, TOMORROW, None, STAGED),
        (STAGED, YESTERDAY, YESTERDAY, DEPROVISIONED),
        (ACTIVE, None, YESTERDAY, DEPROVISIONED),
        (ACTIVE, TOMORROW, None, ACTIVE),
        (DEPROVISIONED, YESTERDAY, TOMORROW, DEPROVISIONED),
        (PURGED, YESTERDAY, TOMORROW, PURGED),
    ],
)
def test_the_clock_starts_and_ends_and_brings_nobody_back(
    state: UserState, start: date | None, end: date | None, due: UserState
) -> None:
    assert state_when_due(state, start, end, TODAY) == due


@pytest.mark.parametrize(
    ("state", "before", "after", "expected"),
    [
        (ACTIVE, (None, None), (None, None), ACTIVE),
        (ACTIVE, (None, None), (TOMORROW, None), STAGED),
        (ACTIVE, (None, None), (None, YESTERDAY), DEPROVISIONED),
        (ACTIVE, (TOMORROW, None), (TOMORROW, TOMORROW), ACTIVE),
        (ACTIVE, (TOMORROW, None), (None, YESTERDAY), DEPROVISIONED),
        (STAGED, (TOMORROW, None), (TOMORROW, TOMORROW), STAGED),
        (STAGED, (TOMORROW, None), (TODAY, None), ACTIVE),
        (DEPROVISIONED, (None, YESTERDAY), (None, None), ACTIVE),
        (DEPROVISIONED, (None, YESTERDAY), (TOMORROW, None), STAGED),
        (PURGED, (None, YESTERDAY), (None, None), PURGED),
    ],
)
def test_editing_dates_brings_back_who_left_by_date(
    state: UserState,
    before: tuple[date | None, date | None],
    after: tuple[date | None, date | None],
    expected: UserState,
) -> None:
    assert state_after_dates_changed(state, before, after, TODAY, left_by_date=state == DEPROVISIONED) == expected


@pytest.mark.parametrize("before", [None, YESTERDAY, TOMORROW])
@pytest.mark.parametrize("after", [None, YESTERDAY, TOMORROW])
def test_no_date_brings_back_who_was_deprovisioned_by_hand(before: date | None, after: date | None) -> None:
    state = state_after_dates_changed(DEPROVISIONED, (None, before), (None, after), TODAY, left_by_date=False)
    assert state == DEPROVISIONED


@pytest.mark.parametrize(("state", "suspended", "deleted"), list(product(UserState, (False, True), (False, True))))
def test_active_means_the_state_and_nothing_against_it(state: UserState, suspended: bool, deleted: bool) -> None:
    expected = state == ACTIVE and not suspended and not deleted
    assert is_active(state, suspended=suspended, deleted=deleted) is expected
