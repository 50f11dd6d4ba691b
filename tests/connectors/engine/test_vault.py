"""Secrets at rest."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from connectors import vault

SECRETS = {"bind_password": "correct horse", "token": "b4ttery"}


@pytest.fixture
def keys(settings: Any) -> list[str]:
    """Two keys; the first is in use."""
    made = [Fernet.generate_key().decode() for _ in range(2)]
    settings.PORTAL_VAULT_KEYS = (made[0],)
    return made


@pytest.mark.usefixtures("keys")
def test_what_was_sealed_is_opened_again() -> None:
    sealed = vault.seal(SECRETS, "system-1")
    assert vault.open_sealed(sealed, "system-1") == SECRETS
    assert not [part for part in (*SECRETS, *SECRETS.values()) if part in sealed]


@pytest.mark.usefixtures("keys")
def test_no_secrets_are_nothing() -> None:
    assert vault.seal({}, "system-1") == ""
    assert vault.open_sealed("", "system-1") == {}
    assert vault.rotate("") == ""


@pytest.mark.usefixtures("keys")
def test_a_ciphertext_copied_to_another_system_is_refused() -> None:
    with pytest.raises(vault.VaultError, match="another system"):
        vault.open_sealed(vault.seal(SECRETS, "system-1"), "system-2")


@pytest.mark.usefixtures("keys")
def test_a_changed_ciphertext_is_refused() -> None:
    sealed = vault.seal(SECRETS, "system-1")
    changed = sealed[:-10] + ("A" if sealed[-10] != "A" else "B") + sealed[-9:]
    with pytest.raises(vault.VaultError, match="Enter them anew"):
        vault.open_sealed(changed, "system-1")


def test_a_new_key_opens_the_old_and_rotating_lets_the_old_go(keys: list[str], settings: Any) -> None:
    old, new = keys
    sealed = vault.seal(SECRETS, "system-1")
    settings.PORTAL_VAULT_KEYS = (new, old)
    assert vault.open_sealed(sealed, "system-1") == SECRETS
    rotated = vault.rotate(sealed)
    settings.PORTAL_VAULT_KEYS = (new,)
    assert vault.open_sealed(rotated, "system-1") == SECRETS
    with pytest.raises(vault.VaultError):
        vault.open_sealed(sealed, "system-1")
    with pytest.raises(vault.VaultError):
        vault.rotate(sealed)
