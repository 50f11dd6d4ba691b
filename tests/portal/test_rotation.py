"""`manage.py rotate_secrets`: the way to a new vault key, and away from the old one."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command
from pytest_django import Settings

from connectors import vault
from connectors.models import ConnectedSystem
from identities.models import AuditEntry
from tests.connectors.engine.rows import a_system
from tests.factories import make_operator

pytestmark = pytest.mark.django_db
SECRETS = {"bind_password": "correct horse"}
TOTP_SECRET = "JBSWY3DPEHPK3PXP"


def rotate() -> dict[str, Any]:
    """What the command answers."""
    out = io.StringIO()
    call_command("rotate_secrets", "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.fixture
def system(settings: Settings) -> ConnectedSystem:
    """A system and an operator with a second factor and recovery codes, under a key that is to go."""
    settings.PORTAL_VAULT_KEYS = (Fernet.generate_key().decode(),)
    made = a_system()
    made.sealed_secrets = vault.seal(SECRETS, str(made.pk))
    made.save()
    operator = make_operator("root")
    TOTP.activate(operator, TOTP_SECRET)
    RecoveryCodes.activate(operator)
    return made


def test_everything_is_readable_without_the_old_key_afterwards(system: ConnectedSystem, settings: Settings) -> None:
    (old,), new = settings.PORTAL_VAULT_KEYS, Fernet.generate_key().decode()
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    settings.PORTAL_VAULT_KEYS = (new, old)

    assert rotate() == {"systems": 1, "second_factors": 2, "unreadable": {"systems": [], "second_factors": []}}

    settings.PORTAL_VAULT_KEYS = (new,)
    system.refresh_from_db()
    assert vault.open_sealed(system.sealed_secrets, str(system.pk)) == SECRETS
    totp, recovery = (Authenticator.objects.get(type=kind) for kind in ("totp", "recovery_codes"))
    assert TOTP(totp).instance.data.keys() == {"secret"}
    assert Fernet(new).decrypt(totp.data["secret"].encode()).decode() == TOTP_SECRET
    assert RecoveryCodes(recovery).generate_codes() == codes
    with pytest.raises(InvalidToken):
        Fernet(old).decrypt(totp.data["secret"].encode())
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"system.secrets_rotated", "user.second_factor_rotated"} <= verbs


def test_a_second_time_writes_nothing(system: ConnectedSystem) -> None:
    before = (system.sealed_secrets, list(Authenticator.objects.values_list("data", flat=True)))
    entries = AuditEntry.objects.count()

    assert (rotate()["systems"], rotate()["second_factors"]) == (0, 0)

    system.refresh_from_db()
    assert (system.sealed_secrets, list(Authenticator.objects.values_list("data", flat=True))) == before
    assert AuditEntry.objects.count() == entries


def test_what_no_key_opens_is_named_and_left(
    system: ConnectedSystem, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PORTAL_VAULT_KEYS = (Fernet.generate_key().decode(),)

    with pytest.raises(SystemExit) as ended:
        call_command("rotate_secrets")

    assert ended.value.code == 1
    shown = capsys.readouterr().out
    assert "the secrets of intranet" in shown
    assert "the second factor of root" in shown
    sealed = system.sealed_secrets
    system.refresh_from_db()
    assert system.sealed_secrets == sealed
