"""The worker process on its two brokers."""

from __future__ import annotations

import signal
import time

import pytest
from celery import Celery

from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow
BELL = "identities.tasks.seal"


def _ring(server: RedisServer) -> None:
    with Celery(broker=server.url) as bell:
        bell.send_task(BELL, ignore_result=True)


def _waiting(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.llen("celery")) + int(client.hlen("unacked"))


def _answers_bells(server: RedisServer) -> bool:
    _ring(server)
    deadline = time.monotonic() + 5
    while _waiting(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    return _waiting(server) == 0


def test_a_worker_survives_a_redis_that_comes_back_empty(portal: PortalFactory, redis_server: RedisServer) -> None:
    running = portal("worker", REDIS_URL=redis_server.url)
    wait_until(lambda: _answers_bells(redis_server), 20, "an answer to the doorbell")
    redis_server.kill()
    time.sleep(2)
    redis_server.start()
    wait_until(lambda: _answers_bells(redis_server), 30, "an answer after the restart")
    assert running.kill("worker", signal.SIGTERM) == 0


def test_a_worker_stops_softly_while_redis_is_away(portal: PortalFactory, redis_server: RedisServer) -> None:
    redis_server.kill()
    running = portal("worker", REDIS_URL=redis_server.url)
    wait_until(lambda: "Cannot connect" in running.log("worker"), 20, "the worker's complaint")
    before = time.monotonic()
    assert running.kill("worker", signal.SIGTERM) == 0
    assert time.monotonic() - before < 10


def _bells_in_folder(running: Portal) -> int:
    return len(list((running.folder / "data" / "broker").glob("*.msg")))


def test_a_worker_answers_bells_from_the_folder(portal: PortalFactory) -> None:
    running = portal("worker")
    code = f"from provisioning_portal.celery import app; app.send_task({BELL!r})"
    running.ask("shell", "--no-imports", "-c", code)
    wait_until(lambda: _bells_in_folder(running) == 0, 15, "an answer to the doorbell")
    assert running.kill("worker", signal.SIGTERM) == 0
    assert "Traceback" not in running.log("worker")
