"""The environment: what is refused, what is chosen, and that production is clean."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from provisioning_portal.settings import databases, mail, queue, security
from provisioning_portal.settings.environment import Environment, load
from provisioning_portal.settings.kept_secrets import kept_secret

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DATABASE_URL": "postgresql://portal:p%40ss@db.example.com:5433/portal?sslmode=require",
    "REDIS_URL": "rediss://:secret@redis.example.com:6380/0",
    "PUBLIC_URL": "https://portal.example.com",
    "SECRET_KEY": "k3y-" * 16 + "0123456789",
    "VAULT_KEYS": Fernet.generate_key().decode(),
    "TRUSTED_PROXY_COUNT": "1",
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _set(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_every_mistake_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(
        monkeypatch,
        {"PORT": "seventy", "TIME_ZONE": "Mars/Olympus", "VAULT_KEYS": "short", "DATABASE_URL": "mysql://x"},
    )
    with pytest.raises(ImproperlyConfigured) as refused:
        load()
    text = str(refused.value)
    assert [name for name in ("PORT:", "TIME_ZONE:", "VAULT_KEYS:", "DATABASE_URL:") if name not in text] == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"DEBUG": "1"}, "DEBUG must be off"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 50 characters"),
        ({"VAULT_KEYS": ""}, "VAULT_KEYS must be set"),
        ({"REDIS_URL": ""}, "REDIS_URL must be set"),
        ({"REDIS_URL": "redis://redis.example.com"}, "REDIS_URL must carry a password"),
        ({"PUBLIC_URL": "http://portal.example.com"}, "PUBLIC_URL must be https"),
        ({"TRUSTED_PROXY_COUNT": "0"}, "TRUSTED_PROXY_COUNT must be at least 1"),
        ({"CALL_DEADLINE_SECONDS": "60"}, "CALL_DEADLINE_SECONDS must be below LEASE_SECONDS"),
        ({"PUBLIC_URL": "https://portal.example.com/portal"}, "PUBLIC_URL: must be http(s)://host"),
        ({"OWNER_ORDERS": "emails: admin > scim"}, "OWNER_ORDERS: an order of owners names each of these once"),
        ({"OWNER_ORDERS": "shoe_size: admin > scim"}, "OWNER_ORDERS: is written as emails: admin > scim"),
    ],
)
def test_production_does_not_start_unsafely(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], complaint: str
) -> None:
    _set(monkeypatch, PRODUCTION | changed)
    with pytest.raises(ImproperlyConfigured, match=complaint.replace("(", r"\(").replace(")", r"\)")):
        load()


def test_attributes_have_orders_of_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    order = "admin > scim > file/system > rule > idp > self"
    _set(monkeypatch, {"OWNER_ORDERS": f"emails: {order}; custom.badge: {order};"})
    orders = load().owner_orders
    assert set(orders) == {"emails", "custom.badge"}
    assert orders["emails"][:3] == (("admin",), ("scim",), ("file", "system"))


def test_a_mistake_never_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"VAULT_KEYS": "this-is-a-secret", "SECRET_KEY": "another-secret"})
    with pytest.raises(ImproperlyConfigured) as refused:
        load()
    assert "secret" not in str(refused.value).replace("SECRET_KEY", "")


def test_production_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PRODUCTION)
    environment = load()
    database = databases.database(environment)
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db.example.com", "5433", "p@ss")
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["OPTIONS"]["pool"]["max_size"] > environment.web_threads
    assert security.allowed_hosts(environment) == ["portal.example.com"]
    assert queue.queue(environment)["broker_url"] == PRODUCTION["REDIS_URL"]


def test_a_local_postgresql_needs_no_more_than_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"DATABASE_URL": "postgresql://app@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1/0"})
    environment = load()
    assert not environment.production
    assert not environment.embedded


def test_mail_goes_where_the_address_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"EMAIL_URL": "smtps://user:p%2Fw@mail.example.com"})
    settings = mail.mail(load())
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"], settings["EMAIL_USE_SSL"]) == (
        "mail.example.com",
        465,
        True,
    )
    assert settings["EMAIL_HOST_PASSWORD"] == "p/w"


def test_a_kept_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    assert kept_secret(path, lambda: "first") == "first"
    assert kept_secret(path, lambda: "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_check_deploy_is_clean_in_production(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "provisioning_portal.settings",
            "DATA_DIR": str(tmp_path),
            **PRODUCTION,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr
