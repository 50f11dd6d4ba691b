"""The first start, and the ones after it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from identities import audit
from identities.models import AuditEntry, Group, OrgUnit, User
from identities.vocabulary import UserKind
from provisioning_portal import demo, first_start


@pytest.fixture
def _new_portal(settings: Settings, tmp_path: Path, db: None) -> Path:
    settings.PORTAL_DATA_DIR = tmp_path
    settings.PORTAL_SQLITE_DIR = tmp_path / "databases"
    settings.PORTAL_DEMO_DATA = True
    return tmp_path


def _password(lines: list[str]) -> str:
    return re.fullmatch(r"administrator: admin   one-time password: (\S{12,})", lines[0]).group(1)  # type: ignore[union-attr]


def test_the_first_start_makes_an_administrator_who_must_choose_a_password(_new_portal: Path) -> None:
    password = _password(list(first_start.prepare()))
    administrator = User.objects.get(kind=UserKind.OPERATOR)
    assert administrator.is_superuser
    assert administrator.check_password(password)
    assert administrator.must_change_password
    assert password not in str(list(AuditEntry.objects.values()))


def test_the_first_start_imports_the_demo_company(_new_portal: Path) -> None:
    list(first_start.prepare())
    assert User.objects.persons().count() == 107
    assert OrgUnit.objects.count() == 27
    assert Group.objects.count() == 27
    with closing(sqlite3.connect(_new_portal / "databases" / demo.INTRANET)) as intranet:
        assert intranet.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_a_later_start_does_nothing(_new_portal: Path) -> None:
    list(first_start.prepare())
    entries = AuditEntry.objects.count()
    assert list(first_start.prepare()) == []
    assert AuditEntry.objects.count() == entries


def test_a_demo_that_was_cut_short_is_completed(_new_portal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(*args: object, **options: object) -> None:
        raise SystemExit(1)

    with monkeypatch.context() as patched:
        patched.setattr(demo, "call_command", cut_short)
        assert "the next start tries again" in list(first_start.prepare())[-1]
    list(first_start.prepare())
    assert User.objects.persons().count() == 107


def test_no_demo_where_none_is_wanted(_new_portal: Path, settings: Settings) -> None:
    settings.PORTAL_DEMO_DATA = False
    assert len(list(first_start.prepare())) == 1
    assert User.objects.persons().count() == 0
    audit.seal_batch()
    call_command("verify_audit")
