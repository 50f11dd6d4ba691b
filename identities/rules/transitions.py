"""The lifecycle: which state may follow which, and which state the dates call for.

Whole days in the portal's time zone; both dates are inclusive: a person is active on the start date and on the end
date.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from identities.errors import IllegalTransition
from identities.vocabulary import UserState

TRANSITIONS: Final[Mapping[UserState, frozenset[UserState]]] = {
    UserState.STAGED: frozenset({UserState.ACTIVE, UserState.DEPROVISIONED, UserState.PURGED}),
    UserState.ACTIVE: frozenset({UserState.STAGED, UserState.DEPROVISIONED}),
    # A rehire: at once, or on a start date to come.
    UserState.DEPROVISIONED: frozenset({UserState.ACTIVE, UserState.STAGED, UserState.PURGED}),
    UserState.PURGED: frozenset(),
}


def check_transition(before: UserState, after: UserState) -> None:
    """Refuse a step that the lifecycle does not have (raises IllegalTransition)."""
    if after not in TRANSITIONS[before]:
        message = f"A user who is {before} cannot become {after}."
        raise IllegalTransition("illegal_transition", message, field="state", before=before, after=after)


def state_by_dates(start: date | None, end: date | None, today: date) -> UserState:
    """The state a user with these dates is in on this day."""
    if end is not None and end < today:
        return UserState.DEPROVISIONED
    if start is not None and start > today:
        return UserState.STAGED
    return UserState.ACTIVE


def state_when_due(state: UserState, start: date | None, end: date | None, today: date) -> UserState:
    """The state the clock leads to: it starts people and ends them, and never brings anybody back."""
    by_dates = state_by_dates(start, end, today)
    if state == UserState.STAGED:
        return by_dates
    if state == UserState.ACTIVE and by_dates == UserState.DEPROVISIONED:
        return by_dates
    return state


def state_after_dates_changed(
    state: UserState,
    before: tuple[date | None, date | None],
    after: tuple[date | None, date | None],
    today: date,
    *,
    left_by_date: bool,
) -> UserState:
    """The state that follows when somebody edits the dates `(start, end)`.

    Somebody who left by date comes back when the dates say so; somebody deprovisioned by hand does not, whether or not
    the end date has passed since. A start date moved into the future takes an active person back to staged; somebody
    who was activated ahead of a start date stays active while that date stays.

    Args:
        left_by_date: whether the end date, and nobody's decision, deprovisioned the user.
    """
    if before == after or state == UserState.PURGED:
        return state
    if state == UserState.DEPROVISIONED and not left_by_date:
        return state
    by_dates = state_by_dates(*after, today)
    started_early = state == UserState.ACTIVE and by_dates == UserState.STAGED and before[0] == after[0]
    return state if started_early else by_dates


def is_active(state: UserState, *, suspended: bool, deleted: bool) -> bool:
    """Whether a user is active: in the active state, suspended by nobody, not deleted."""
    return state == UserState.ACTIVE and not suspended and not deleted
