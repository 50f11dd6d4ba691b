"""A newcomer: one command, then the browser. People are there, their accounts appear, every change follows."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import sign_in_first
from tests.servers.processes import ServerProcess, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300
FIRST_ACCOUNT_SECONDS = 60
LATER_ACCOUNT_SECONDS = 10


class Demo:
    """The portal as `make run` starts it, on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; nothing runs before `start`."""
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.data = folder / "data"
        names = ("DATABASE_URL", "REDIS_URL", "DEMO_DATA", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL")
        self.environment = {name: value for name, value in os.environ.items() if name not in names}
        command = ["make", "run", f"PORT={self.port}", f"DATA_DIR={self.data}"]
        self.process = ServerProcess(command, folder / "log", environment=self.environment, cwd=ROOT)
        self.starts = 0

    def start(self) -> None:
        """Start and wait for the line that says so."""
        self.starts += 1
        self.process.start(lambda: self.process.output().count("portal is ready") == self.starts, READY_SECONDS)

    def stop(self) -> None:
        """Press Ctrl-C, which reaches make and everything it has started, and wait for the end."""
        if self.process.running():
            os.killpg(self.process.pid, signal.SIGINT)
            wait_until(lambda: self.process.output().count("portal has stopped") == self.starts, 30, "the end")
        self.process.stop()

    def manage(self, *arguments: str) -> None:
        """Run a command on the same data folder."""
        environment = {**self.environment, "DATA_DIR": str(self.data)}
        subprocess.run(
            [ROOT / ".venv" / "bin" / "python", "manage.py", *arguments], cwd=ROOT, env=environment, check=True
        )

    def credentials(self) -> tuple[str, str]:
        """The administrator's name and one-time password, as printed."""
        found = re.search(r"administrator: (\S+)\s+one-time password: (\S+)", self.process.output())
        assert found, self.process.output()
        return found[1], found[2]

    def accounts(self, where: str = "1 = 1") -> int:
        """How many accounts the demo's intranet has."""
        with closing(sqlite3.connect(self.data / "databases" / "intranet.sqlite3", timeout=20)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM people WHERE {where}").fetchone()[0])


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A portal started for the first time."""
    running = Demo(tmp_path)
    running.start()
    yield running
    running.stop()


def test_a_newcomer_sees_people_become_accounts(demo: Demo, page: Page) -> None:
    ready = time.monotonic()
    wait_until(lambda: demo.accounts() > 0, FIRST_ACCOUNT_SECONDS, "the first account")
    assert time.monotonic() - ready < FIRST_ACCOUNT_SECONDS
    violations = _watch(page)

    sign_in_first(page, demo.url, *demo.credentials())
    expect(page.get_by_text("107 people are known to the portal")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^person\s*People")).click()
    page.get_by_placeholder(re.compile("Names")).fill("ajames")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Alexander James").click()
    wait_until(lambda: demo.accounts("login = 'ajames@example.com'") == 1, 60, "the account")
    page.get_by_role("link", name="Accounts", exact=True).click()
    expect(page.get_by_text("linked", exact=True)).to_be_visible()
    expect(page.get_by_text("Is it in scope?")).to_be_visible()

    _add_person(page, demo)
    wait_until(lambda: demo.accounts("login = 'ada@example.com' AND active") == 1, 30, "the new account")
    page.get_by_role("link", name="Suspend").click()
    page.get_by_label("Reason").fill("leave of absence")
    page.get_by_role("button", name="Suspend").click()
    wait_until(lambda: demo.accounts("login = 'ada@example.com' AND NOT active") == 1, 30, "the disabled account")

    assert violations == []
    wait_until(lambda: demo.accounts() == 108, 60, "everybody's account")
    _start_again(demo)


def _watch(page: Page) -> list[str]:
    """Collect what the browser refuses or complains of."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


def _add_person(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/admin/identities/user/add/")
    page.get_by_label("User name").fill("ada@example.com")
    page.get_by_label("Given name").fill("Ada")
    page.get_by_label("Family name").fill("Lovelace")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("link", name="Suspend")).to_be_visible()


def _start_again(demo: Demo) -> None:
    """Ctrl-C stops everything; starting again keeps the data and goes on with what was changed meanwhile."""
    demo.stop()
    header, first, *_ = (ROOT / "provisioning_portal" / "demo_data" / "hr_employees.csv").read_text().splitlines()
    names = first.split(",")
    row = ["2001", *names[1:3], "zoe@example.com", *names[4:]]
    (demo.data / "zoe.csv").write_text(f"{header}\n{','.join(row)}\n")
    demo.manage("import_people", str(demo.data / "zoe.csv"), "--apply")
    demo.start()
    wait_until(lambda: demo.accounts("login = 'zoe@example.com'") == 1, LATER_ACCOUNT_SECONDS, "the account of Zoe")
    assert "one-time password" not in demo.process.output().rpartition("portal has stopped")[2]
    assert demo.accounts() == 109
