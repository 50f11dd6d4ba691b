"""A large company comes in and goes out to a directory, and the worker is killed in the middle of both.

Prints what it took, and ends with an error if anybody is missing, doubled, or a process took more than 400 MB.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.journeys import systems
from tests.journeys.people import Administrator
from tests.servers.portal import Portal
from tests.servers.postgresql import PostgresqlServer
from tests.servers.processes import temporary_folder, wait_until
from tests.servers.redis import running_redis
from tests.servers.slapd import Slapd, running_slapd
from tests.soak.company import write_company
from tests.soak.memory import Peaks, watched

MEGABYTES = 400
PATIENCE_SECONDS = 3600.0
PAGES = (
    "/admin/",
    "/admin/identities/user/",
    "/admin/identities/user/?q=person9",
    "/admin/identities/group/",
    "/admin/identities/orgunit/",
    "/admin/connectors/run/",
    "/admin/connectors/operation/",
    "/admin/connectors/link/",
    "/admin/identities/auditentry/",
)
START = """
from pathlib import Path
from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.actions.imports import start_import
from identities.actors import command_actor
actor = command_actor()
with Path({path!r}).open("rb") as file:
    start_import([("people.csv", file)], profile_named(HR_PROFILE, actor=actor), actor=actor, apply=True)
"""
COUNT_IMPORT = """
import json
from connectors.models import Run
run = Run.objects.filter(kind="import").latest("created_at")
print(json.dumps([run.state, run.processed, run.total, run.counts, run.error, run.findings.count()]))
"""

COUNT_TAKEN_OVER = """
from connectors.models import Operation
print(Operation.objects.filter(worker_deaths__gt=0).count())
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Start everything, import, push, look at pages, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--departments", type=int, default=500, help="each is an org unit and a group")
    parser.add_argument("--sqlite", action="store_true", help="on the embedded default instead of PostgreSQL and Redis")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("soak"))
        slapd = stack.enter_context(running_slapd())
        slapd.ensure()
        environment = {"DIRECTORY_PASSWORD": slapd.bind_password}
        if not options.sqlite:
            database = stack.enter_context(PostgresqlServer(durable=True).running())
            environment["DATABASE_URL"] = database.create_database()
            environment["REDIS_URL"] = stack.enter_context(running_redis()).url
        portal = Portal(folder, environment, fast=False, apart=True)
        stack.callback(portal.stop)
        portal.prepare()
        portal.start("web", "worker")
        _Soak(portal, slapd, folder, options.people, options.departments).run()


class _Soak:
    def __init__(self, portal: Portal, slapd: Slapd, folder: Path, people: int, departments: int) -> None:
        self._portal = portal
        self._slapd = slapd
        self._folder = folder
        self._people, self._departments = people, departments
        self._workers, self._worker = 1, "worker"
        self._failures: list[str] = []

    def run(self) -> None:
        with watched(self._processes) as peaks:
            self._import()
            self._push()
            self._pages()
        self._say(", ".join(f"{name} {most:.0f} MB" for name, most in sorted(peaks.items())))
        self._check_memory(peaks)
        if self._failures:
            sys.exit("\n".join(self._failures))

    def _processes(self) -> dict[str, int]:
        return {"web": self._portal.pid("web"), "worker": self._portal.pid(self._worker)}

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def _expect(self, *, what: str, there: Any, wanted: Any) -> None:
        if there != wanted:
            self._failures.append(f"{what}: {there} instead of {wanted}")

    def _another_worker(self) -> None:
        """Kill the worker without a word and start the next one."""
        self._portal.kill(self._worker)
        self._workers += 1
        self._worker = f"worker-{self._workers}"
        self._portal.start(self._worker)

    def _import(self) -> None:
        path = self._folder / "people.csv"
        write_company(path, self._people, self._departments)
        started = time.monotonic()
        self._portal.ask("shell", "--no-imports", "--command", START.format(path=str(path)))
        self._await_import(lambda run: run[0] in ("done", "failed") or _is_applied(run, self._people // 3))
        self._another_worker()
        killed = time.monotonic()
        state, _, _, counts, error, problems = self._await_import(lambda run: run[0] in ("done", "failed", "planned"))
        seconds = time.monotonic() - started
        self._say(f"import: {self._people} people in {seconds:.0f} s, {self._people / seconds:.0f} a second;")
        self._say(f"  the worker was killed after {killed - started:.0f} s; {counts}")
        self._expect(what=f"import ({error})", there=(state, problems), wanted=("done", 0))

    def _await_import(self, condition: Any) -> Any:
        run: list[Any] = []

        def met() -> bool:
            time.sleep(0.5)
            run[:] = json.loads(self._portal.ask("shell", "--no-imports", "--command", COUNT_IMPORT))
            return bool(condition(run))

        wait_until(met, PATIENCE_SECONDS, "the import")
        return run

    def _push(self) -> None:
        started = time.monotonic()
        systems.connect(self._portal, _directory(self._slapd))
        self._await_accounts(self._people // 3)
        self._another_worker()
        killed = time.monotonic()
        self._await_accounts(self._people)
        accounts = time.monotonic() - started
        status = self._portal.wait(("status",), _is_idle, PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        self._say(f"push: {self._people} accounts in {accounts:.0f} s, {self._people / accounts:.0f} a second;")
        self._say(f"  with groups and everything settled in {seconds:.0f} s; killed after {killed - started:.0f} s,")
        taken_over = self._portal.ask("shell", "--no-imports", "--command", COUNT_TAKEN_OVER).strip()
        self._say(f"  while {taken_over} operations were under way, which others finished")
        waiting = {name: number for name, number in status["operations"].items() if number}
        self._expect(what="operations that wait for a person", there=waiting, wanted={})
        entries = self._slapd.entries(self._slapd.people_dn, "(uid=*)", ["uid"])
        groups = self._slapd.entries(self._slapd.groups_dn, "(objectClass=groupOfNames)", ["member"])
        members = sum(len(group["member"]) for group in groups.values())
        self._expect(what="entries", there=len(entries), wanted=self._people)
        self._expect(what="different names", there=len({e["uid"][0] for e in entries.values()}), wanted=self._people)
        self._expect(what="groups", there=len(groups), wanted=self._departments)
        self._expect(what="memberships", there=members, wanted=self._people)

    def _await_accounts(self, number: int) -> None:
        def there() -> bool:
            time.sleep(1)
            return len(self._slapd.entries(self._slapd.people_dn, "(uid=*)", ["uid"])) >= number

        wait_until(there, PATIENCE_SECONDS, f"{number} accounts")

    def _pages(self) -> None:
        administrator = Administrator(self._portal)
        for path in PAGES:
            started = time.monotonic()
            administrator.get(path)
            first = time.monotonic() - started
            administrator.get(path)
            self._say(f"page {path}: {first:.2f} s, then {time.monotonic() - started - first:.2f} s")

    def _check_memory(self, peaks: Peaks) -> None:
        for name, most in peaks.items():
            if most > MEGABYTES:
                self._failures.append(f"{name} took {most:.0f} MB, more than {MEGABYTES}")


def _directory(slapd: Slapd) -> systems.Description:
    """The directory with what people and groups refer to."""
    described = systems.directory(slapd)
    described["mappings"]["user"] |= {
        "cn": {"direct": "displayName"},
        "sn": {"direct": "name.familyName"},
        "manager": {"direct": "manager.id", "clear_when_null": True},
    }
    described["mappings"]["group"] = {"cn": {"direct": "displayName"}}
    return described


def _is_applied(run: list[Any], number: int) -> bool:
    """Whether so many rows are applied; while a file is read and planned the same column counts what was read."""
    return bool(run[0] == "applying" and run[1] >= number)


def _is_idle(status: dict[str, Any]) -> bool:
    operations = status["operations"]
    return not operations["waiting"] and not operations["in_flight"] and not status["events"]


if __name__ == "__main__":
    main()
