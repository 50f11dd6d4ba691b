"""The examples of docs/commands.md run, in their order, and answer in the shape that stands there."""

import json
import re
import shlex
import sqlite3
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from connectors.engine import fanout
from connectors.engine.work import work

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "commands.md").read_text()
PROGRAM = ".venv/bin/python manage.py "
TABLES = """
    CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT UNIQUE NOT NULL, full_name TEXT, mail TEXT,
        source TEXT, active INTEGER NOT NULL DEFAULT 1, portal_id TEXT);
    CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL);
    CREATE TABLE team_members (team_id INTEGER NOT NULL REFERENCES teams (id),
        person_id INTEGER NOT NULL REFERENCES people (id), PRIMARY KEY (team_id, person_id));
"""


def examples() -> Iterator[tuple[str, str]]:
    """Every command line of the page with the answer below it."""
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        lines = block.strip().splitlines()
        yield from zip(
            [line.removeprefix("$ ") for line in lines[::2]], [answer.strip() for answer in lines[1::2]], strict=True
        )


@pytest.fixture
def intranet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The documented system's database; its description lies in the current folder."""
    folder = Path(settings.PORTAL_SQLITE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "documented.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.executescript(TABLES)
    (description,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "intranet.yaml").write_text(description)
    (tmp_path / "provisioning_portal").symlink_to(ROOT / "provisioning_portal")
    monkeypatch.setenv("INTRANET_DATABASE", database.name)
    monkeypatch.chdir(tmp_path)
    yield database
    database.unlink()


def answer_of(line: str) -> Any:
    """What the command prints."""
    name, *arguments = shlex.split(line.removeprefix(PROGRAM))
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return json.loads(out.getvalue())


def same_shape(documented: Any, actual: Any, where: str) -> None:
    """Objects have the same keys; lists of objects have alike first entries. Free maps (counts, facts) may differ."""
    free = ("counts", "difference", "links", "facts", "proposals", "choices", "mappings")
    if isinstance(documented, dict) and isinstance(actual, dict):
        assert set(documented) == set(actual), where
        for key in documented.keys() - set(free):
            same_shape(documented[key], actual[key], f"{where}.{key}")
    elif isinstance(documented, list) and isinstance(actual, list) and documented and actual:
        same_shape(documented[0], actual[0], f"{where}[0]")
    elif documented is not None and actual is not None:
        assert type(documented) is type(actual), where


def test_the_documented_examples_answer_as_documented(intranet: Path) -> None:
    lines = list(examples())
    assert len(lines) >= 18
    for line, documented in lines:
        assert line.startswith(PROGRAM), line
        same_shape(json.loads(documented), answer_of(line), line)
        fanout.drain()
        work("documented", 1)
    with sqlite3.connect(intranet) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT mail) FROM people").fetchone() == (5, 5)
        assert connection.execute("SELECT name FROM teams ORDER BY name").fetchall() == [
            ("IT",),
            ("IT Helpdesk",),
            ("IT Support",),
        ]
        assert connection.execute("SELECT count(*) FROM team_members").fetchone() == (5,)


def test_every_command_of_this_app_is_documented_with_its_help() -> None:
    commands = {path.stem for path in (ROOT / "connectors" / "management" / "commands").glob("[a-z]*.py")}
    assert commands <= {name for line, _ in examples() for name in [shlex.split(line.removeprefix(PROGRAM))[0]]}
