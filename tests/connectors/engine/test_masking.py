"""Which attributes are taken to hold a secret."""

import pytest

from connectors.engine.masking import looks_secret


@pytest.mark.parametrize("name", ["userPassword", "pwdHistory", "client_secret", "apiKey", "private-key", "authToken"])
def test_secrets(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["secretary", "title", "keyboard", "passport"])
def test_what_only_sounds_like_one(name: str) -> None:
    assert not looks_secret(name)
