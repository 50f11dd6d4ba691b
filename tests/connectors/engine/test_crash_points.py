"""A worker that is killed at any point loses nothing and makes no second account: real processes, a real database."""

import os
import signal
import traceback
from pathlib import Path

import pytest
from django.db import connection, connections

from connectors.engine import crash_points
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.session import close_all
from connectors.models import Link, Operation
from connectors.vocabulary import LinkState, OperationState
from tests.connectors.engine.rows import a_person, claim_one, let_lease_run_out, make_due, put
from tests.connectors.engine.test_converge_servers import RealPlace, sql_place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("quick")]
POINTS = ("after_claim", "before_call", "during_call", "after_call", "before_finish")
SURVIVED, FAILED = 0, 1


@pytest.fixture
def place(request: pytest.FixtureRequest, transactional_db: None) -> RealPlace:
    return sql_place(request)


def work_in_a_process(point: str, marker: Path) -> int:
    """Claim, converge and finish in a process of its own, which dies at `point`; return its wait status."""
    close_all()
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # what waits in it would be both processes'
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = FAILED
    try:
        crash_points._POINT, crash_points._MARKER = point, str(marker)
        crash_points._INTO_THE_CALL_SECONDS = 0.0
        claim = claim_one("doomed")
        finish(claim, converge(claim))
        status = SURVIVED
    finally:
        if status == FAILED:
            traceback.print_exc()
        os._exit(status)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_creates_leaves_one_account(place: RealPlace, point: str, tmp_path: Path) -> None:
    person = a_person("ada", title="Countess")
    put(place.system, person)

    status = work_in_a_process(point, tmp_path / "marker")

    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    operation = Operation.objects.get()
    assert operation.state == OperationState.IN_FLIGHT
    let_lease_run_out(operation.pk)
    claim = claim_one("heir")
    assert claim.attempt == 2
    assert finish(claim, converge(claim))
    make_due()
    assert list(place.accounts()) == ["ada"]
    assert Link.objects.get().state == LinkState.LINKED
    assert set(Operation.objects.values_list("state", flat=True)) == {OperationState.DONE}


def test_the_worker_that_is_started_in_its_place_survives(place: RealPlace, tmp_path: Path) -> None:
    put(place.system, a_person("ada"))
    marker = tmp_path / "marker"
    assert os.WIFSIGNALED(work_in_a_process("before_call", marker))
    let_lease_run_out(Operation.objects.get().pk)

    assert os.waitstatus_to_exitcode(work_in_a_process("before_call", marker)) == SURVIVED
    assert list(place.accounts()) == ["ada"]


def test_without_a_named_point_nothing_happens() -> None:
    with crash_points.around_call():
        crash_points.reach("after_claim")
