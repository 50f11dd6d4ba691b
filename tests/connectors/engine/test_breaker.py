"""The breaker as a value, and the throttle's arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.engine.breaker import Breaker, Gate, failed, gate, probing, succeeded, throttle_seconds
from connectors.vocabulary import BreakerState

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def after(breaker: Breaker, failures: int, *, now: datetime = NOW, misconfigured: bool = False) -> Breaker:
    for _ in range(failures):
        breaker = failed(breaker, now, open_seconds=15, misconfigured=misconfigured)
    return breaker


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_it_opens_at_the_fifth_failure_in_a_row() -> None:
    assert after(Breaker(), 4).state is BreakerState.CLOSED
    opened = after(Breaker(), 5)
    assert opened.state is BreakerState.OPEN
    assert opened.probe_at == NOW + seconds(15)


def test_a_success_between_failures_starts_the_count_anew() -> None:
    assert after(succeeded(after(Breaker(), 4)), 4).state is BreakerState.CLOSED


def test_a_misconfiguration_opens_it_at_once_and_is_not_tried_more_than_once_a_minute() -> None:
    opened = after(Breaker(), 1, misconfigured=True)
    assert opened.state is BreakerState.OPEN
    assert opened.misconfigured
    assert opened.probe_at == NOW + seconds(60)


def test_while_it_is_open_nothing_is_called_until_the_probe() -> None:
    opened = after(Breaker(), 5)
    assert gate(Breaker(), NOW) is Gate.CALL
    assert gate(opened, NOW + seconds(14)) is Gate.WAIT
    assert gate(opened, NOW + seconds(15)) is Gate.PROBE


def test_there_is_one_probe_at_a_time_and_a_lost_one_is_replaced() -> None:
    half_open = probing(after(Breaker(), 5), NOW + seconds(30), probe_seconds=60)
    assert half_open.state is BreakerState.HALF_OPEN
    assert gate(half_open, NOW + seconds(89)) is Gate.WAIT
    assert gate(half_open, NOW + seconds(90)) is Gate.PROBE


def test_a_probe_that_succeeds_closes_it_and_forgets() -> None:
    half_open = probing(after(Breaker(), 5), NOW, probe_seconds=60)
    assert succeeded(half_open) == Breaker()


def waits_of(breaker: Breaker, *, misconfigured: bool) -> list[float]:
    """How long it stays open each time, while every probe fails."""
    now, waits = NOW, []
    for _ in range(6):
        assert breaker.probe_at is not None
        waits.append((breaker.probe_at - now).total_seconds())
        now = breaker.probe_at
        breaker = failed(probing(breaker, now, probe_seconds=60), now, open_seconds=15, misconfigured=misconfigured)
    assert breaker.opened_at == NOW
    return waits


def test_however_long_an_outage_its_end_is_noticed_soon() -> None:
    assert waits_of(after(Breaker(), 5), misconfigured=False) == [15] * 6


def test_a_misconfiguration_is_tried_ever_more_seldom_up_to_a_quarter_of_an_hour() -> None:
    assert waits_of(after(Breaker(), 1, misconfigured=True), misconfigured=True) == [60, 120, 240, 480, 900, 900]


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_it() -> None:
    opened = after(Breaker(), 5)
    later = failed(opened, NOW + seconds(10), open_seconds=15)
    assert later.probe_at == opened.probe_at
    assert later.openings == 1


@pytest.mark.parametrize(
    ("retry_after", "count", "wait"),
    [
        (120, 0, 120),
        (0, 0, 0),
        (-5, 0, 0),
        (1e9, 0, 3600),
        (float("inf"), 0, 3600),
        (float("nan"), 0, 30),
        (None, 0, 30),
        (None, 1, 60),
        (None, 4, 480),
        (None, 10**6, 3600),
    ],
)
def test_the_throttle_obeys_and_is_bounded(retry_after: float | None, count: int, wait: float) -> None:
    assert throttle_seconds(retry_after, count, random=lambda: 0.0) == wait


def test_the_throttle_adds_a_tenth_at_most() -> None:
    assert throttle_seconds(100, 0, random=lambda: 1.0) == pytest.approx(110)
    assert throttle_seconds(3600, 0, random=lambda: 1.0) == 3600
