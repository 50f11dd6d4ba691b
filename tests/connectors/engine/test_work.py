"""The worker's loop, with real threads on the real database."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, connections

from connectors.catalog.memory.script import Call
from connectors.engine.claim import claim_due
from connectors.engine.work import work, worker_name
from connectors.models import ConnectedSystem, Operation
from connectors.spi import Rejected, Transient
from connectors.vocabulary import BreakerState, Lane, OperationState
from identities.models import User
from tests.connectors.engine.memory_systems import a_memory_system, account_names, enabled_accounts
from tests.connectors.engine.rows import a_person, let_lease_run_out, make_due, people, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def _threads_let_go_of_the_database() -> Iterator[None]:
    yield
    connections.close_all()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether the condition comes about in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def work_and_let_go(worker: str, slots: int) -> None:
    """Work in a thread that ends afterwards."""
    work(worker, slots)
    connections.close_all()


def ended(state: OperationState = OperationState.DONE) -> int:
    """How many operations are in this state."""
    return Operation.objects.filter(state=state).count()


def test_everything_due_is_worked_off_by_one_thread() -> None:
    system, store = a_memory_system()
    put(system, *people(5))

    assert work("one", 1) == 5
    assert account_names(store) == [f"person{number:03}" for number in range(5)]
    assert ended() == 5
    assert work("one", 1) == 0


def test_everything_due_is_worked_off_by_several_threads() -> None:
    system, store = a_memory_system()
    calling: set[str] = set()
    together: list[int] = []

    def enter(call: object) -> None:
        calling.add(threading.current_thread().name)
        together.append(len(calling))

    store.script.before.append(enter)
    store.script.after.append(lambda call: calling.discard(threading.current_thread().name))
    store.script.delay("create", 0.05)
    put(system, *people(20))

    assert until(lambda: bool(work("several", 4)) and ended() == 20)
    assert len(account_names(store)) == len(set(account_names(store))) == 20
    assert 2 <= max(together) <= 3


def test_a_slow_system_does_not_hold_up_another() -> None:
    (slow, slow_store), (fast, _) = a_memory_system("slow"), a_memory_system("fast")
    slow_store.script.delay("create", 3)
    crowd = people(8)
    put(slow, *crowd)
    put(fast, *crowd)
    started = time.monotonic()
    worker = threading.Thread(target=work_and_let_go, args=("crew", 4))
    worker.start()

    of_fast = Operation.objects.filter(system=fast, state=OperationState.DONE)
    assert until(lambda: of_fast.count() == 8, 6)
    took = time.monotonic() - started
    assert Operation.objects.filter(system=slow, state=OperationState.DONE).count() <= 6
    slow_store.script.clear()
    worker.join()
    assert until(lambda: work("crew", 4) >= 0 and ended() == 16)
    assert took < 6


def test_a_second_call_returns_at_once_and_makes_the_first_look_again() -> None:
    system, store = a_memory_system()
    store.script.delay("create", 1)
    anna, berta = people(2)
    put(system, anna)
    first = threading.Thread(target=work_and_let_go, args=("crew", 4))
    first.start()
    assert until(lambda: ended(OperationState.IN_FLIGHT) == 1)
    put(system, berta)

    started = time.monotonic()
    assert work("crew", 4) == 0
    assert time.monotonic() - started < 0.9
    assert until(lambda: ended(OperationState.IN_FLIGHT) == 2, 1.5)
    first.join()
    assert until(lambda: ended() == 2)


def test_two_workers_never_work_on_one_object_at_once_nor_exceed_the_slots() -> None:
    system, store = a_memory_system(slots=3)
    crowd = people(15)
    inside: Counter[object] = Counter()
    worst = {"object": 0, "system": 0}
    lock = threading.Lock()

    def enters(call: Call) -> None:
        with lock:
            inside[threading.current_thread().name] += 1
            worst["system"] = max(worst["system"], len(+inside))

    def leaves(call: Call) -> None:
        with lock:
            inside[threading.current_thread().name] -= 1

    store.script.before.append(enters)
    store.script.after.append(leaves)
    store.script.delay("create", 0.05)

    def rings(worker: str) -> None:
        for _ in range(4):
            put(system, *crowd)
            work(worker, 4)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(rings, ["north", "south"]))

    assert until(
        lambda: work("north", 4) == 0 and not ended(OperationState.WAITING) and not ended(OperationState.IN_FLIGHT)
    )
    assert account_names(store) == sorted(person.user_name for person in crowd)
    assert sum(call.operation == "create" for call in store.journal) == 15
    assert worst["system"] <= 3


def test_workers_that_claim_at_the_same_time_share_without_overlap() -> None:
    systems = [a_memory_system(name, slots=64)[0] for name in ("one", "two")]
    crowd = people(40)
    for system in systems:
        put(system, *crowd)
    barrier = threading.Barrier(4)

    def claims(worker: str) -> list[int]:
        barrier.wait()
        found: list[int] = []
        while taken := claim_due(worker, 5):
            found += [claim.operation_id for claim in taken]
        connections.close_all()
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [each for part in pool.map(claims, ["a", "b", "c", "d"]) for each in part]

    assert len(found) == len(set(found)) == 80
    assert Operation.objects.filter(state=OperationState.IN_FLIGHT).count() == 80


def test_a_storm_of_equal_requests_leaves_one_row_per_object() -> None:
    system, _ = a_memory_system()
    crowd = people(20)
    barrier = threading.Barrier(5)

    def storms(number: int) -> None:
        barrier.wait()
        for _ in range(4):
            put(system, *(crowd if number % 2 else reversed(crowd)))
        connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(storms, range(5)))

    assert Operation.objects.count() == ended(OperationState.WAITING) == 20


def test_a_storm_while_workers_claim_loses_nothing() -> None:
    system, store = a_memory_system()
    crowd = people(6)
    stop = threading.Event()

    def storms() -> None:
        while not stop.is_set():
            put(system, *crowd)
        connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        storm = pool.submit(storms)
        for worker in ("north", "south"):
            pool.submit(work_and_let_go, worker, 3)
        time.sleep(1.5)
        stop.set()
        storm.result()

    assert until(lambda: work("north", 3) == 0 and not ended(OperationState.WAITING))
    assert len(account_names(store)) == 6
    assert not ended(OperationState.FAILED)


def test_what_a_dead_worker_had_is_finished_by_another() -> None:
    system, store = a_memory_system()
    put(system, *people(3))
    for claim in claim_due("dead", 3):
        let_lease_run_out(claim.operation_id)

    assert work("alive", 1) == 3
    assert len(account_names(store)) == 3


def test_a_defect_waits_for_a_person_and_blocks_nothing() -> None:
    system, store = a_memory_system()
    anna, berta = a_person("anna"), a_person("berta")

    def breaks(call: Call) -> None:
        if call.operation == "create" and "anna" in str(call.arguments):
            raise ZeroDivisionError("secret")

    store.script.before.append(breaks)
    put(system, anna, berta)
    work("one", 1)

    broken = Operation.objects.get(object_id=anna.pk)
    assert (broken.state, broken.error_class) == ("failed", "defect")
    assert account_names(store) == ["berta"]


@pytest.mark.parametrize("said", ["NUL \0", "half a pair \ud800"])
def test_what_no_database_can_store_is_a_defect_of_its_own_operation(said: str) -> None:
    system, store = a_memory_system()
    anna, berta = people(2)
    store.script.fail("create", lambda: Rejected(said), times=1)
    put(system, anna)
    work("one", 1)
    put(system, berta)
    work("one", 1)

    assert list(Operation.objects.filter(object_id=anna.pk).values_list("state", "worker_deaths")) == [("failed", 0)]
    assert account_names(store) == [berta.user_name]


def test_our_database_refusing_a_value_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise DataError("no such character")

    monkeypatch.setattr("connectors.engine.ledger.Ledger.linked", refuses)
    system, _ = a_memory_system()
    put(system, a_person("anna"))
    work("one", 1)

    assert Operation.objects.values_list("state", "error_class").get() == ("failed", "defect")


def test_an_outage_opens_the_breaker_and_everything_goes_out_after_it() -> None:
    system, store = a_memory_system()
    crowd = people(10)
    store.script.fail("create", lambda: Transient("down"), times=50)
    store.script.fail("search", lambda: Transient("down"), times=50)
    put(system, *crowd)
    for _ in range(8):
        make_due()
        work("one", 1)
    system.refresh_from_db()
    assert system.breaker == BreakerState.OPEN
    assert account_names(store) == []

    store.script.clear()
    ConnectedSystem.objects.update(breaker_probe_at=None)
    work("one", 1)

    system.refresh_from_db()
    assert system.breaker == BreakerState.CLOSED
    assert len(account_names(store)) == 10


def test_the_brake_lets_twenty_removals_through_however_many_threads_there_are() -> None:
    system, store = a_memory_system()
    crowd = people(50)
    put(system, *crowd)
    assert until(lambda: work("crew", 4) >= 0 and ended() == 50)
    User.objects.filter(pk__in=[person.pk for person in crowd]).update(active=False)
    Operation.objects.all().delete()

    put(system, *crowd, lane=Lane.REMOVAL)
    assert until(lambda: work("crew", 4) >= 0 and not ended(OperationState.WAITING) + ended(OperationState.IN_FLIGHT))

    assert (ended(), ended(OperationState.HELD)) == (20, 30)
    assert enabled_accounts(store) == 30


def test_a_refused_object_does_not_stop_the_others() -> None:
    system, store = a_memory_system()
    store.script.fail("create", lambda: Rejected("No."))
    put(system, *people(4))
    work("one", 1)

    assert (ended(OperationState.FAILED), ended()) == (1, 3)


def test_a_worker_is_named_after_its_process() -> None:
    assert worker_name().rpartition(":")[2].isdigit()
