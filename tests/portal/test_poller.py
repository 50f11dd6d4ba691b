"""The pollers of a worker."""

from __future__ import annotations

import threading

import pytest
from django.db.utils import OperationalError

from provisioning_portal import poller as poller_module
from provisioning_portal.due_work import DueWork
from provisioning_portal.poller import Poller


def _run(*work: DueWork, until: threading.Event) -> None:
    poller = Poller(work)
    poller.start()
    assert until.wait(5)
    poller.request_stop()
    poller.join(5)


def test_work_is_repeated_at_once_while_there_is_some() -> None:
    left = 50
    finished = threading.Event()

    def share() -> int:
        nonlocal left
        if left == 0:
            finished.set()
            return 0
        left -= 1
        return 1

    _run(DueWork("share", share, every_seconds=60), until=finished)
    assert left == 0


@pytest.mark.parametrize("failure", [OperationalError("gone"), ValueError("a defect")])
def test_a_failure_ends_neither_its_own_poller_nor_another(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(poller_module, "DATABASE_PAUSE_SECONDS", 0.01)
    attempts = 0
    again, other = threading.Event(), threading.Event()

    def failing() -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise failure
        again.set()
        return 0

    def healthy() -> int:
        other.set()
        return 0

    _run(DueWork("failing", failing, 0.01), DueWork("healthy", healthy, 0.01), until=again)
    assert other.is_set()
    assert caplog.text.count("failing") >= 2
