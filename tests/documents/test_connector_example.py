"""The connector author's page shows the code that runs, and what it says about offering a connector works."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from connectors import registry
from connectors.engine import fanout
from connectors.engine.session import close_all
from connectors.engine.work import queue_runs, work
from connectors.models import Operation
from connectors.vocabulary import OperationState
from identities.actions import groups, memberships
from identities.actions.users import UserAttributes, create_user
from identities.actors import command_actor
from tests.documents.pages import ROOT, Page

PAGE = Page(ROOT / "docs" / "connector-author.md")
SHOWN = re.findall(r"^`([\w/.]+)`\n\n```\w+\n(.*?)^```$", PAGE.text, re.DOTALL | re.MULTILINE)
FOLDER = "accounts"


@pytest.mark.parametrize(("path", "code"), SHOWN)
def test_the_page_shows_the_code_that_runs(path: str, code: str) -> None:
    assert code == (ROOT / path).read_text(encoding="utf-8")


def test_all_of_the_example_is_shown() -> None:
    example = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/documents/json_folder").glob("[a-z]*.py")}
    assert example < {path for path, _code in SHOWN}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example as an installed package offers it, with the entry point that stands on the page."""
    [offer] = PAGE.blocks("toml")
    [(group, points)] = tomllib.loads(offer)["project"]["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    metadata = tmp_path / "json_folder-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: json-folder\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry.connectors.cache_clear()
    yield
    close_all()
    registry.connectors.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, settings: object) -> Path:
    """The folder that the system on the page keeps."""
    settings.PORTAL_SQLITE_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture
    path = tmp_path / FOLDER
    path.mkdir()
    return path


@pytest.mark.django_db
@pytest.mark.usefixtures("installed")
def test_the_system_on_the_page_gets_accounts_and_groups(folder: Path) -> None:
    actor = command_actor()
    boss = create_user(actor=actor, attributes=UserAttributes({"user_name": "grace", "display_name": "Grace Example"}))
    ada = create_user(actor=actor, attributes=UserAttributes({"user_name": "ada", "manager": boss.pk}))
    group = groups.create_group(actor=actor, display_name="Engineering")
    memberships.add_members(group, [ada, boss], actor=actor)
    call_command("connect", str(ROOT / "tests/documents/files.yaml"), "--resume", "--yes", "--json")
    converge()
    accounts = {path.stem: json.loads(path.read_text()) for path in (folder / "users").glob("*.json")}
    by_login = {account["login"]: (remote_id, account) for remote_id, account in accounts.items()}
    assert set(by_login) == {"ada", "grace"}
    assert by_login["ada"][1]["manager"] == by_login["grace"][0]
    assert by_login["ada"][1]["portal_id"] == str(ada.pk)
    [made] = [json.loads(path.read_text()) for path in (folder / "groups").glob("*.json")]
    assert (made["name"], set(made["members"])) == ("Engineering", set(accounts))


def converge() -> None:
    """Work until nothing waits."""
    for _ in range(20):
        fanout.drain()
        queue_runs("example")
        Operation.objects.filter(state=OperationState.WAITING).update(due_at="2020-01-01T00:00Z")
        if not work("example", 1) and not Operation.objects.filter(state=OperationState.WAITING).exists():
            return
    raise AssertionError("it never comes to rest")
