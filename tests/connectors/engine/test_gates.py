"""The breaker and the throttle on a system's row, and the probe."""

from datetime import timedelta

import pytest
from django.conf import settings

from connectors.catalog.memory.store import MemoryStore
from connectors.engine import gates, probe
from connectors.engine.claim import Ending, Outcome, claim_due
from connectors.engine.claiming import dialect
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import BreakerState
from tests.connectors.engine.rows import a_person, a_system, claim_one, make_due, people, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]

TRANSIENT = Outcome(Ending.RETRY, error_class="transient", message="It does not answer.", retry_in=3600)
MISCONFIGURED = Outcome(Ending.MISCONFIGURED, error_class="misconfigured", message="Wrong password.")
DONE = Outcome(Ending.DONE)


def the_system() -> ConnectedSystem:
    """The only system, as it is now."""
    return ConnectedSystem.objects.get()


def work_off(outcome: Outcome) -> None:
    """Claim one operation and finish it so."""
    (claim,) = claim_due("one", 1)
    assert finish(claim, outcome)


def an_open_system(**columns: object) -> ConnectedSystem:
    """A system whose breaker is open and asks for a probe."""
    past = dialect().now() - timedelta(seconds=1)
    given = {"breaker": BreakerState.OPEN, "breaker_probe_at": past, "consecutive_failures": 5, **columns}
    return a_system(breaker_openings=1, breaker_reason="down", breaker_error="transient", **given)


def test_five_failures_in_a_row_open_the_breaker_and_say_why() -> None:
    put(a_system(), *people(6))
    for _ in range(4):
        work_off(TRANSIENT)
    assert the_system().breaker == BreakerState.CLOSED

    work_off(TRANSIENT)

    system = the_system()
    assert (system.breaker, system.breaker_reason) == (BreakerState.OPEN, "It does not answer.")
    assert (system.breaker_error, system.consecutive_failures) == ("transient", 5)
    assert system.breaker_opened_at is not None
    assert claim_due("one", 10) == []


def test_a_success_starts_the_count_anew() -> None:
    put(a_system(), *people(10))
    for _ in range(2):
        for _ in range(4):
            work_off(TRANSIENT)
        work_off(DONE)

    system = the_system()
    assert (system.breaker, system.consecutive_failures) == (BreakerState.CLOSED, 0)
    assert system.last_success_at is not None


def test_what_was_decided_without_a_call_says_nothing_about_the_system() -> None:
    put(a_system(), *people(2))
    work_off(TRANSIENT)
    work_off(Outcome(Ending.DONE, answered=False))

    assert the_system().consecutive_failures == 1


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.DISPUTED])
def test_a_refusal_is_an_answer(ending: Ending) -> None:
    put(a_system(), *people(2))
    work_off(TRANSIENT)
    work_off(Outcome(ending, error_class="rejected"))

    assert the_system().consecutive_failures == 0


def test_a_misconfiguration_opens_the_breaker_at_once_and_the_operation_waits() -> None:
    put(a_system(), a_person("anna"))
    work_off(MISCONFIGURED)

    system = the_system()
    assert (system.breaker, system.breaker_reason) == (BreakerState.OPEN, "Wrong password.")
    assert Operation.objects.get().state == "waiting"


def test_throttling_shuts_the_gate_for_the_whole_system_as_long_as_it_asked() -> None:
    put(a_system(), *people(2))
    before = dialect().now()
    work_off(Outcome(Ending.THROTTLED, error_class="throttled", retry_in=120))

    system = the_system()
    assert system.throttled_until is not None
    assert 120 <= (system.throttled_until - before).total_seconds() <= 140
    assert (system.breaker, system.throttle_count) == (BreakerState.CLOSED, 1)
    assert claim_due("one", 10) == []


def test_throttling_without_a_time_doubles() -> None:
    put(a_system(), *people(3))
    waits = []
    for _ in range(3):
        before = dialect().now()
        work_off(Outcome(Ending.THROTTLED, error_class="throttled"))
        until = the_system().throttled_until
        assert until is not None
        waits.append((until - before).total_seconds())
        ConnectedSystem.objects.update(throttled_until=None)
        make_due()

    assert 30 <= waits[0] < 35
    assert 60 <= waits[1] < 70
    assert 120 <= waits[2] < 140


def test_one_system_in_trouble_leaves_the_others_alone() -> None:
    anna, fine = a_person("anna"), a_system("fine")
    put(an_open_system(name="broken"), anna)
    put(fine, anna)

    assert claim_one().system_id == fine.pk


def test_there_is_exactly_one_probe() -> None:
    system = an_open_system()

    assert gates.probes_due() == [system.pk]
    assert gates.start_probe(system.pk) is not None
    assert gates.start_probe(system.pk) is None
    assert gates.probes_due() == []
    assert the_system().breaker == BreakerState.HALF_OPEN


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "paused"},
        {"breaker": BreakerState.CLOSED},
        {"breaker_probe_at": "2999-01-01T00:00Z"},
        {"throttled_until": "2999-01-01T00:00Z"},
    ],
)
def test_no_probe_is_made_before_its_time(columns: dict[str, str]) -> None:
    system = an_open_system(**columns)

    assert gates.probes_due() == []
    assert gates.start_probe(system.pk) is None


def test_a_probe_whose_worker_vanished_is_made_again_and_the_late_one_does_not_count() -> None:
    system = an_open_system()
    lost = gates.start_probe(system.pk)
    assert lost is not None
    given_up = lost - timedelta(hours=1)
    ConnectedSystem.objects.update(breaker_probe_at=given_up)
    assert gates.start_probe(system.pk) is not None

    assert not gates.finish_probe(system.pk, given_up, DONE)
    assert the_system().breaker == BreakerState.HALF_OPEN


def test_when_a_probe_closes_the_breaker_what_waited_for_the_system_is_due_at_once() -> None:
    system, (anna, berta) = a_system(), people(2)
    put(system, anna, berta)
    work_off(TRANSIENT)
    work_off(Outcome(Ending.RETRY, error_class="gone", retry_in=3600))
    ConnectedSystem.objects.update(
        breaker=BreakerState.OPEN, breaker_probe_at=dialect().now() - timedelta(seconds=1), breaker_reason="down"
    )
    mark = gates.start_probe(system.pk)
    assert mark is not None

    assert gates.finish_probe(system.pk, mark, DONE)

    reopened = the_system()
    assert (reopened.breaker, reopened.breaker_reason, reopened.consecutive_failures) == (BreakerState.CLOSED, "", 0)
    assert len(claim_due("one", 10)) == 1


def test_a_probe_that_fails_keeps_the_breaker_open() -> None:
    system = an_open_system()
    mark = gates.start_probe(system.pk)
    assert mark is not None
    before = dialect().now()

    gates.finish_probe(system.pk, mark, TRANSIENT)

    failed = the_system()
    assert failed.breaker == BreakerState.OPEN
    assert failed.breaker_probe_at is not None
    waits = (failed.breaker_probe_at - before).total_seconds()
    assert settings.PORTAL_BREAKER_OPEN_SECONDS <= waits < settings.PORTAL_BREAKER_OPEN_SECONDS + 5


def test_a_throttled_probe_is_repeated_when_the_gate_opens() -> None:
    system = an_open_system()
    mark = gates.start_probe(system.pk)
    assert mark is not None

    gates.finish_probe(system.pk, mark, Outcome(Ending.THROTTLED, error_class="throttled", retry_in=120))

    throttled = the_system()
    assert (throttled.breaker, throttled.breaker_probe_at) == (BreakerState.OPEN, throttled.throttled_until)
    assert gates.probes_due() == []


def test_a_probe_reads_from_the_system_itself() -> None:
    an_open_system(configuration={"store": "probed"})
    (taken,) = probe.take_due(4)

    assert probe.carry_out(taken)
    assert the_system().breaker == BreakerState.CLOSED
    assert [call.operation for call in MemoryStore.named("probed").journal] == ["open", "search"]


def test_a_probe_of_a_system_that_cannot_be_opened_keeps_it_shut() -> None:
    an_open_system(connector="nothing-of-the-kind")
    (taken,) = probe.take_due(4)

    assert probe.carry_out(taken)
    system = the_system()
    assert (system.breaker, system.breaker_error) == (BreakerState.OPEN, "misconfigured")


def test_a_reset_forgets_everything() -> None:
    system = an_open_system(throttled_until="2999-01-01T00:00Z", throttle_count=3)
    gates.reset(system)

    fresh = the_system()
    assert (fresh.breaker, fresh.breaker_reason, fresh.throttled_until) == (BreakerState.CLOSED, "", None)
    assert (fresh.consecutive_failures, fresh.breaker_openings, fresh.throttle_count) == (0, 0, 0)
