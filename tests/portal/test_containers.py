"""compose.yaml as Docker Compose itself reads it, and what must not get into an image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import get_commands

from provisioning_portal.settings.environment import Environment, load

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = {"migrate": "prepare", "web": "web", "worker": "worker", "beat": "beat"}
CHOSEN = {
    "PUBLIC_URL": "https://portal.example.com",
    "TRUSTED_PROXY_COUNT": "1",
    "POSTGRES_PASSWORD": "p0stgres",
    "REDIS_PASSWORD": "r3dis",
    "SECRET_KEY": "k3y-" * 16 + "0123456789",
    "VAULT_KEYS": Fernet.generate_key().decode(),
}


def services(**variables: str) -> dict[str, Any]:
    """What `docker compose config` makes of compose.yaml with these variables."""
    done = subprocess.run(
        [Path(sys.executable).parent / "docker-compose", "-f", "compose.yaml", "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "COMPOSE_DISABLE_ENV_FILE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def test_every_process_runs_a_command_of_ours_after_the_migrations() -> None:
    found = services()
    assert {name: found[name]["command"][2] for name in PROCESSES} == PROCESSES
    assert set(PROCESSES.values()) <= set(get_commands())
    for name in PROCESSES.keys() - {"migrate"}:
        assert found[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert {each["condition"] for each in found["migrate"]["depends_on"].values()} == {"service_healthy"}


@pytest.mark.parametrize(("variables", "production"), [({}, False), (CHOSEN, True)], ids=["as it is", "in production"])
def test_the_processes_start_with_the_environment_they_are_given(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], production: bool
) -> None:
    found = services(**variables)
    given = found["web"]["environment"]
    assert all(found[name]["environment"] == given for name in PROCESSES)
    assert {name.lower() for name in given} <= set(Environment.model_fields)
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load().production is production
    assert found["db"]["environment"]["POSTGRES_PASSWORD"] in given["DATABASE_URL"]
    assert found["redis"]["command"][2] in given["REDIS_URL"]


def test_secrets_beside_the_code_stay_out_of_images_and_of_the_repository() -> None:
    for name in (".dockerignore", ".gitignore"):
        assert ".env" in (ROOT / name).read_text().splitlines()
