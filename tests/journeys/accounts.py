"""What the connected systems hold, read from the systems themselves."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from tests.servers.processes import wait_until
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

Accounts = Callable[[], list[tuple[str, str | None]]]
LOOK_SECONDS = 0.1
"""Between two looks at a system: reading everything all the time would slow down what is measured."""


def of_directory(slapd: Slapd) -> list[tuple[str, str | None]]:
    """Name and title of every entry of a person."""
    entries = slapd.entries(slapd.people_dn, "(uid=*)", ["uid", "title"]).values()
    return [(entry["uid"][0].decode(), entry.get("title", [b""])[0].decode() or None) for entry in entries]


def of_application(server: ScimServer) -> list[tuple[str, str | None]]:
    """Name and title of every user."""
    return [(user["userName"], user.get("title")) for user in server.resources("Users")]


def of_register(path: Path) -> list[tuple[str, str | None]]:
    """Name and title of every row."""
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        return connection.execute("SELECT login, title FROM accounts").fetchall()


def wait_for(accounts: Accounts, names: Collection[str], title: str, seconds: float) -> None:
    """Wait until all of these people have an account with this title.

    Raises:
        TimeoutError: somebody has not after so many seconds.
    """

    def there() -> bool:
        time.sleep(LOOK_SECONDS)
        return set(names) <= {name for name, held in accounts() if held == title}

    wait_until(there, seconds, f"everybody's account with the title {title!r}")


def assert_one_each(accounts: list[tuple[str, str | None]], names: Collection[str]) -> None:
    """Exactly one account for each of these people."""
    counted = Counter(name for name, _ in accounts)
    assert {name: counted[name] for name in names} == dict.fromkeys(names, 1)
