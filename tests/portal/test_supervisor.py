"""`manage.py serve` as a newcomer, and a bad day, meet it."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest

from tests.servers.fixtures import PortalFactory
from tests.servers.portal import ROOT, Portal
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow


def _descendants(pid: int) -> list[int]:
    """The living processes below `pid`, from /proc."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            children.setdefault(int(parent), []).append(int(status.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _command(pid: int) -> str:
    """Its command line; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except FileNotFoundError:
        return ""


def _child(portal: Portal, name: str) -> int | None:
    """The process of that kind directly below the supervisor."""
    supervisor = portal.pid("serve")
    for pid in _descendants(supervisor):
        if _command(pid).endswith(f"manage.py {name}"):
            return pid
    return None


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def _processes_of(portal: Portal) -> list[int]:
    """Everything below the supervisor: web and its worker process, worker, beat."""
    children = _descendants(portal.pid("serve"))
    assert len(children) >= 4
    return children


def _stops_in_good_order(portal: Portal, number: int) -> None:
    children = _processes_of(portal)
    assert portal.kill("serve", number) == 0
    assert _alive(children) == []
    assert not portal.healthy()


def _starts_what_crashed_again(portal: Portal) -> None:
    for name in ("worker", "beat", "web"):
        before = _child(portal, name)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_until(lambda old=before, name=name: _child(portal, name) not in {old, None}, 15, f"a new {name}")
    wait_until(portal.healthy, 60, "the web process")
    assert "worker ended with status -9; starting it again" in portal.log("serve")


def test_it_sees_to_its_processes_and_a_second_start_keeps_the_data(portal: PortalFactory) -> None:
    running = portal("serve", prepare=False)
    first = running.log("serve")
    assert "one-time password" in first
    secrets = [(running.folder / "data" / name).read_text() for name in ("secret_key", "vault_keys")]
    _starts_what_crashed_again(running)
    so_far = running.log("serve")
    _stops_in_good_order(running, signal.SIGTERM)

    running.start("serve")
    assert "one-time password" not in running.log("serve")[len(so_far) :]
    assert [(running.folder / "data" / name).read_text() for name in ("secret_key", "vault_keys")] == secrets
    children = _processes_of(running)
    running.kill("serve", signal.SIGKILL)
    wait_until(lambda: not _alive(children), 5, "the end of all children")
    assert not running.healthy()


def test_the_same_command_runs_on_postgresql_and_redis(
    portal: PortalFactory, postgresql_database: str, redis_server: RedisServer
) -> None:
    running = portal("serve", prepare=False, DATABASE_URL=postgresql_database, REDIS_URL=redis_server.url)
    assert running.healthy()
    with psycopg.connect(postgresql_database) as connection:
        applied = connection.execute("SELECT name FROM django_migrations WHERE app = 'identities'").fetchall()
    assert {name for (name,) in applied} == {each.stem for each in (ROOT / "identities/migrations").glob("0*.py")}
    _stops_in_good_order(running, signal.SIGINT)
    assert not (running.folder / "data" / "portal.sqlite3").exists()


def test_a_port_in_use_is_said_at_once(portal: PortalFactory) -> None:
    refused = portal(prepare=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", refused.port))
        other.listen()
        done = refused.run("serve", check=False)
    assert done.returncode == 1
    assert f"make run PORT={refused.port + 1}" in done.stderr
