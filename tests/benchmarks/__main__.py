"""Measure the portal and, in the same run, the ceiling beside it; print a table of ratios.

Only ratios mean anything, and on a shared machine a single one is good to about 30 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psycopg

from tests.benchmarks.ceiling import CEILING_TABLES
from tests.benchmarks.load import PROCESSES, Sample, pss_megabytes, send
from tests.benchmarks.operations import OPERATIONS, Operation, World
from tests.servers.portal import ROOT, Portal
from tests.servers.postgresql import PostgresqlServer
from tests.servers.processes import ServerProcess, accepts, free_port, temporary_folder
from tests.servers.redis import running_redis

THREADS = 4
WARM_UP_SECONDS = 2.0
OURS, CEILING, GRANIAN = "ours", "ceiling", "granian"


def main(arguments: Sequence[str] | None = None) -> None:
    """Start everything, fill it, measure, and print."""
    options = _options(arguments)
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("benchmark"))
        database = stack.enter_context(PostgresqlServer(durable=True).running())
        redis = stack.enter_context(running_redis())
        url = database.create_database()
        portal = Portal(folder, {"DATABASE_URL": url, "REDIS_URL": redis.url}, fast=False, apart=True)
        made = _fill(portal, options.people)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        connection.execute(CEILING_TABLES)
        servers = stack.enter_context(_servers(portal, folder, with_granian=options.granian))
        world = World(made, connection, lambda path: _ask(servers[OURS], made["token"], path))
        run = _Run(options, world, servers, folder, [database.pid])
        run.all_rounds()
        run.print()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000, help="how many people there are (1000, 10000, 100000)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5, help="of one operation on one server in one round")
    parser.add_argument("--ops", default="", help="names of operations, with commas; all if not given")
    parser.add_argument("--no-granian", dest="granian", action="store_false")
    return parser.parse_args(arguments)


def _fill(portal: Portal, people: int) -> dict[str, Any]:
    portal.prepare()
    command = [sys.executable, "-m", "tests.benchmarks.seeding", str(people)]
    done = subprocess.run(command, cwd=ROOT, env=portal.environment, check=True, stdout=subprocess.PIPE)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@dataclass
class _Server:
    """One server: processes with one worker of four threads each, on ports one after another."""

    name: str
    port: int
    processes: list[ServerProcess]

    @property
    def pids(self) -> list[int]:
        """The process ids."""
        return [process.pid for process in self.processes]


@contextmanager
def _servers(portal: Portal, folder: Path, *, with_granian: bool) -> Iterator[dict[str, _Server]]:
    ours, ceiling = "tests.benchmarks.portal:application", "tests.benchmarks.ceiling:make_application()"
    commands = {OURS: _gunicorn(ours), CEILING: _gunicorn(ceiling)}
    if with_granian:
        commands[GRANIAN] = ["granian", "--interface", "wsgi", "--blocking-threads", str(THREADS), "--no-ws", ours]
    with ExitStack() as stack:
        servers = {}
        for name, command in commands.items():
            environment = portal.environment | {"LOG_LEVEL": "WARNING"}
            if name == CEILING:
                del environment["DJANGO_SETTINGS_MODULE"]
            servers[name] = server = _Server(name, _free_ports(), [])
            for port in range(server.port, server.port + PROCESSES):
                place = ["--bind", f"127.0.0.1:{port}"] if command[0] == "gunicorn" else ["--port", str(port)]
                program = [str(Path(sys.executable).parent / command[0]), *command[1:], *place]
                process = ServerProcess(program, folder / f"{name}.log", environment=environment, cwd=ROOT)
                stack.callback(process.stop)
                process.start(partial(accepts, port))
                server.processes.append(process)
        yield servers


def _gunicorn(application: str) -> list[str]:
    many = ["--workers", "1", "--threads", str(THREADS), "--worker-class", "gthread", "--keep-alive", "30"]
    return ["gunicorn", application, *many, "--no-control-socket"]


def _free_ports() -> int:
    """The first of as many free ports as a server has processes."""
    while True:
        port = free_port()
        if not any(accepts(port + more) for more in range(1, PROCESSES)):
            return port


def _ask(server: _Server, token: str, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"http://127.0.0.1:{server.port}{path}", headers=headers, timeout=30)


class _Run:
    """All rounds: every operation on every server, in turn, so that what else the machine does meets all of them."""

    def __init__(
        self,
        options: argparse.Namespace,
        world: World,
        servers: Mapping[str, _Server],
        folder: Path,
        shared: Sequence[int],
    ) -> None:
        self._options = options
        self._world = world
        self._servers = servers
        self._folder = folder
        self._shared = shared
        self._samples: dict[tuple[str, str], list[Sample]] = {}
        chosen = options.ops.split(",") if options.ops else [each.name for each in OPERATIONS]
        self._operations = [each for each in OPERATIONS if each.name in chosen and self._possible(each)]

    def _possible(self, operation: Operation) -> bool:
        if operation.name == "bulk":
            config = _ask(self._servers[OURS], self._world.made["token"], "/scim/v2/ServiceProviderConfig").json()
            return bool(config["bulk"]["supported"])
        return not operation.needs or operation.needs in self._world.groups

    def all_rounds(self) -> None:
        """Measure. What a round leaves behind in the database is dealt with before the next."""
        self._warm_up()
        for _ in range(self._options.rounds):
            for operation in self._operations:
                for server in self._servers.values():
                    sample = self._send(operation, server, self._options.seconds)
                    self._samples.setdefault((operation.name, server.name), []).append(sample)
            self._world.database.execute("CHECKPOINT")

    def _warm_up(self) -> None:
        """Have every worker of every server load what it needs."""
        for operation in OPERATIONS[:3]:
            for server in self._servers.values():
                self._send(operation, server, WARM_UP_SECONDS)

    def _send(self, operation: Operation, server: _Server, seconds: float) -> Sample:
        make = operation.ceiling if server.name == CEILING else operation.ours
        sample = send(
            server.port,
            make(self._world),
            token=self._world.made["token"],
            seconds=seconds,
            once=operation.once,
            pids=[*server.pids, *self._shared],
            folder=self._folder,
        )
        if server.name != CEILING:
            self._world.sent[operation.name] += sample.sent
        return sample

    def print(self) -> None:
        """The table, as Markdown."""
        lines = [
            f"{self._options.people} people, {self._options.rounds} rounds of {self._options.seconds:g} s",
            "",
            "| op | ours/s | ceiling/s | ratio | target | p99 ratio | CPU ms ratio | Granian ratio | errors |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(self._line(operation) for operation in self._operations),
            "",
            "PSS MB: "
            + ", ".join(f"{name} {sum(map(pss_megabytes, each.pids)):.0f}" for name, each in self._servers.items()),
        ]
        sys.stdout.write("\n".join(lines) + "\n")

    def _line(self, operation: Operation) -> str:
        ours, ceiling = self._of(operation, OURS), self._of(operation, CEILING)
        weight = operation.weight
        rate, best = median(each.per_second for each in ours) * weight, median(each.per_second for each in ceiling)
        granian = median([each.per_second for each in self._of(operation, GRANIAN)] or [0]) * weight / best
        tail = median(each.p99 for each in ours) / median(each.p99 for each in ceiling)
        work = median(each.cpu_ms for each in ours) / weight / median(each.cpu_ms for each in ceiling)
        ratio = median(mine.per_second * weight / theirs.per_second for mine, theirs in zip(ours, ceiling, strict=True))
        errors = sum(each.errors for each in [*ours, *ceiling, *self._of(operation, GRANIAN)])
        return (
            f"| {operation.name} | {rate:.0f} | {best:.0f} | {ratio:.2f} | {operation.target:.2f} | {tail:.1f} "
            f"| {work:.1f} | {granian:.2f} | {errors} |"
        )

    def _of(self, operation: Operation, server: str) -> list[Sample]:
        return self._samples.get((operation.name, server), [])


if __name__ == "__main__":
    main()
