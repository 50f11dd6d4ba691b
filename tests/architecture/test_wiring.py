"""What holds for the portal as a whole, once all apps are loaded."""

from __future__ import annotations

import inspect
import subprocess
import sys
import weakref
from io import StringIO
from pathlib import Path

import pytest
from auditlog.registry import AuditlogModelRegistry
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models import signals

from provisioning_portal.celery import app
from tests.architecture.source import ROOT


def test_imports_keep_the_contracts() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    output = StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=output)
    assert "No changes detected" in output.getvalue()


def _listeners(module: str) -> list[str]:
    """The receivers of any model signal that were defined in that package."""
    found = []
    for name, signal in vars(signals).items():
        if isinstance(signal, signals.Signal):
            for entry in signal.receivers:
                receiver = entry[1]() if isinstance(entry[1], weakref.ref) else entry[1]
                if getattr(receiver, "__module__", "").startswith(module):
                    found.append(f"{name}: {receiver}")
    return found


def test_the_audit_library_listens_to_nothing() -> None:
    assert _listeners("auditlog") == []


def test_a_listening_audit_library_would_be_seen() -> None:
    registry = AuditlogModelRegistry()
    registry.register(Session)
    try:
        assert _listeners("auditlog") != []
    finally:
        registry.unregister(Session)


def test_doorbells_carry_nothing() -> None:
    own = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    loaded = [task.name for task in own if inspect.signature(task.run).parameters]
    assert loaded == []
