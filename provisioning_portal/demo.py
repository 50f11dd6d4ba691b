"""The demo: a fictional company, and the user database of its intranet.

Everything goes through the portal's own commands, as an administrator would do it. A marker in the data folder says
that the demo is wanted and not complete: what a start that was cut short has left is done by the next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command

FOLDER = Path(__file__).resolve().parent / "demo_data"
MARKER = "demo-wanted"
INTRANET = "intranet.sqlite3"


def ask_for() -> None:
    """Note that the demo is to be made."""
    _marker().touch()


def asked_for() -> bool:
    """Whether the demo is wanted and not complete yet."""
    return _marker().exists()


def seed() -> Iterator[str]:
    """Import the people, make the intranet and connect it.

    Repeating it changes nothing; a failure is left to the next start.
    """
    output = StringIO()
    try:
        call_command("import_people", str(FOLDER / "hr_employees.csv"), "--apply", stdout=output)
        yield "the people of the demo company are imported"
        make_intranet(settings.PORTAL_SQLITE_DIR / INTRANET)
        call_command("connect", str(FOLDER / "intranet.yaml"), "--resume", "--yes", stdout=output)
    except (CommandError, SystemExit) as error:
        yield f"the demo is not complete, the next start tries again: {error}\n{output.getvalue()}"
        return
    _marker().unlink()
    yield "their accounts are on their way to the demo company's intranet"


def make_intranet(path: Path) -> None:
    """Make the intranet's user database with empty tables, unless it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / "intranet.sql").read_text())


def _marker() -> Path:
    return Path(settings.PORTAL_DATA_DIR) / MARKER
