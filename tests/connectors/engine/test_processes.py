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


class ClaimingProcess:
    """A process that claims from this test's database when it is told to."""

    def __init__(self, at_once: int) -> None:
        """Start it; it claims so many at once."""
        known = connection.settings_dict
        database = {name: str(known[name]) for name in ("NAME", "USER", "HOST", "PORT")}
        command = [sys.executable, "-m", "tests.connectors.engine.claiming_process", json.dumps(database), str(at_once)]
        self.process = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, rounds: int = 0) -> None:
        """Let it claim so often, 0 for as long as there is anything."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{rounds}\n")
        self.process.stdin.flush()

    def claimed(self) -> list[int]:
        """What it got since it was started, once it has done."""
        assert self.process.stdout is not None
        return [int(line) for line in iter(self.process.stdout.readline, "\n")]

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def claiming_process(at_once: int) -> Iterator[ClaimingProcess]:
    """A process ready to claim, gone afterwards."""
    claiming = ClaimingProcess(at_once)
    try:
        yield claiming
    finally:
        claiming.kill()


def test_processes_share_the_work_without_overlap() -> None:
    system = a_system(slots=64)
    put(system, *people(60))

    with claiming_process(3) as north, claiming_process(4) as south:
        found: list[list[int]] = []
        # The first round gives both a share, whoever runs first; then they run against each other to the end.
        for rounds in (1, 0):
            north.start(rounds)
            south.start(rounds)
            found += [north.claimed(), south.claimed()]

    ids = [operation_id for part in found for operation_id in part]
    assert [len(part) for part in found[:2]] == [3, 4]
    assert len(ids) == len(set(ids)) == 60
    assert Operation.objects.filter(state=OperationState.IN_FLIGHT, fence=1, attempt=1).count() == 60


def test_a_killed_process_loses_nothing() -> None:
    put(a_system(slots=8), *people(3))

    with claiming_process(3) as doomed:
        doomed.start(1)
        held = doomed.claimed()
        doomed.kill()
    assert len(held) == 3
    assert claim_due("other", 10) == []
    for operation_id in held:
        let_lease_run_out(operation_id)

    assert take_over_expired() == 3
    assert {claim.operation_id for claim in claim_due("other", 10)} == set(held)
    assert set(Operation.objects.values_list("worker_deaths", "attempt")) == {(1, 2)}
