"""When to try again."""

from datetime import timedelta

import pytest

from connectors.engine.retry import delay

FRESH = timedelta(minutes=1)


def longest(attempt: int, age: timedelta = FRESH) -> float | None:
    return delay(attempt, age, base=2, random=lambda: 1.0)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 4), (2, 8), (5, 64), (8, 512), (9, 900), (60, 900)])
def test_it_doubles_up_to_a_quarter_of_an_hour(attempt: int, seconds: float) -> None:
    assert longest(attempt) == seconds


def test_the_jitter_is_full() -> None:
    assert delay(3, FRESH, base=2, random=lambda: 0.0) == 0
    assert delay(3, FRESH, base=2, random=lambda: 0.5) == 8


@pytest.mark.parametrize(
    ("age", "least", "most"),
    [
        (timedelta(days=1), 3_000, 4_000),
        (timedelta(days=6, hours=23), 3_000, 4_000),
        (timedelta(days=7), 77_000, 96_000),
        (timedelta(days=27, hours=23), 77_000, 96_000),
    ],
)
def test_hourly_after_a_day_and_daily_after_a_week(age: timedelta, least: float, most: float) -> None:
    for chance in (0.0, 0.5, 1.0):
        seconds = delay(40, age, base=2, random=lambda chance=chance: chance)
        assert seconds is not None
        assert least < seconds < most


def test_after_four_weeks_a_person_is_asked() -> None:
    assert longest(400, timedelta(days=28)) is None


def test_an_absurd_count_of_attempts_does_no_harm() -> None:
    assert longest(10**9) == 900
