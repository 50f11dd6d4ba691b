"""Sending requests by wrk, and what it costs the servers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.servers.processes import installed

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 8
# Of a server, on ports one after another. Each gets its share of the connections: workers that accept from one socket
# would share them out as it happens.
PROCESSES = 2
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `@n@` in the body becomes a number of its own each time."""

    method: str
    path: str
    body: str = ""
    if_none_match: str = ""

    def line(self) -> str:
        """As the script reads it."""
        return f"{self.method}\t{self.path}\t{self.body}\t{self.if_none_match}\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of one operation against one server came to."""

    per_second: float
    p99: float
    cpu_ms: float
    sent: int
    errors: int


def send(
    port: int, requests: Iterable[Request], *, token: str, seconds: float, once: bool, pids: Iterable[int], folder: Path
) -> Sample:
    """Send these requests for so long, over and over or each once, and measure rate, tail and CPU time.

    Args:
        pids: the servers whose CPU time counts, with all their children.
    """
    file = folder / "requests.txt"
    lines = [request.line() for request in requests]
    # Every process needs one.
    file.write_text("".join(lines * (PROCESSES if len(lines) < PROCESSES else 1)))
    roots = list(pids)
    before = sum(cpu_seconds(pid) for pid in roots)
    command = [installed("wrk", "wrk"), f"-t{PROCESSES}", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(SCRIPT)]
    environment = os.environ | {"WRK_PROCESSES": str(PROCESSES)}
    number = next(_numbers) * 1_000_000
    more = ["--", str(file), token, str(number), "once" if once else "again"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}", *more],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    spent = sum(cpu_seconds(pid) for pid in roots) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    sent, microseconds, errors, p99 = (float(part) for part in line.split()[1:])
    return Sample(sent / microseconds * 1e6, p99 / 1000, spent * 1000 / max(sent, 1), int(sent), int(errors))


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu_seconds(root: int) -> float:
    """CPU time of a process and its children, those that have ended included."""
    ticks = 0
    for pid in family(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:13])) + (sum(map(int, fields[13:15])) if pid == root else 0)
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_megabytes(root: int) -> float:
    """Memory of a process and its children, shared pages divided among those who share them."""
    kilobytes = 0
    for pid in family(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
