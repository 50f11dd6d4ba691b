"""Claiming by several real processes at once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from connectors.engine.claim import claim_due
from connectors.engine.takeover import take_over_expired
from connectors.models import Operation
from connectors.vocabulary import OperationState
from tests.connectors.engine.rows import a_system, let_lease_run_out, people, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

ROOT = Path(__file__).parents[3]


@contextmanager
def claiming_process(at_once: int, *, hold: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process ready to claim from this test's database; it starts at the first line it is sent."""
    known = connection.settings_dict
    database = {name: str(known[name]) for name in ("NAME", "USER", "HOST", "PORT")}
    command = [sys.executable, "-m", "tests.connectors.engine.claiming_process", json.dumps(database), str(at_once)]
    process = subprocess.Popen(
        [*command, "hold"] if hold else command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def start(*processes: subprocess.Popen[str]) -> None:
    """Let them all go at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def test_processes_share_the_work_without_overlap() -> None:
    system = a_system(slots=64)
    put(system, *people(60))

    with claiming_process(3) as north, claiming_process(4) as south:
        start(north, south)
        found = [north.communicate(timeout=60)[0].split(), south.communicate(timeout=60)[0].split()]

    ids = [int(each) for part in found for each in part]
    assert len(ids) == len(set(ids)) == 60
    assert all(found), "one of them got everything"
    assert Operation.objects.filter(state=OperationState.IN_FLIGHT, fence=1, attempt=1).count() == 60


def test_a_killed_process_loses_nothing() -> None:
    put(a_system(slots=8), *people(3))

    with claiming_process(3, hold=True) as doomed:
        start(doomed)
        assert doomed.stdout is not None
        held = [int(doomed.stdout.readline()) for _ in range(3)]
        doomed.kill()
    assert claim_due("other", 10) == []
    for operation_id in held:
        let_lease_run_out(operation_id)

    assert take_over_expired() == 3
    assert {claim.operation_id for claim in claim_due("other", 10)} == set(held)
    assert set(Operation.objects.values_list("worker_deaths", "attempt")) == {(1, 2)}
