"""Secrets of connected systems, encrypted at rest with keys that can be rotated.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec) with the keys of `PORTAL_VAULT_KEYS`: the first
encrypts, all decrypt. Fernet has no associated data, so the context stands inside the authenticated plaintext: a
ciphertext copied to another system's row is refused there.
"""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import constant_time_compare


class VaultError(Exception):
    """Secrets cannot be opened: no key fits, or they belong to something else."""


def seal(secrets: Mapping[str, str], context: str) -> str:
    """Encrypt secrets by field name, for `context` alone (the id of the system); no secrets give an empty text."""
    if not secrets:
        return ""
    plaintext = json.dumps({"context": context, "secrets": dict(secrets)}, sort_keys=True)
    return _keys().encrypt(plaintext.encode()).decode()


def open_sealed(text: str, context: str) -> dict[str, str]:
    """The secrets that were sealed for `context`.

    Raises:
        VaultError: the text was sealed with a key that is not there any more, for another context, or was changed.
    """
    if not text:
        return {}
    try:
        content = json.loads(_keys().decrypt(text.encode()))
    except InvalidToken as error:
        raise VaultError(
            "The stored secrets cannot be decrypted with the keys in VAULT_KEYS. Enter them anew."
        ) from error
    if not constant_time_compare(content["context"], context):
        raise VaultError("The stored secrets belong to another system. Enter them anew.")
    return dict(content["secrets"])


def rotate(text: str) -> str:
    """The same secrets, encrypted with the first key; the same text where they are already.

    Raises:
        VaultError: no key fits.
    """
    try:
        if not text or _first_key_made(text):
            return text
        return _keys().rotate(text.encode()).decode()
    except InvalidToken as error:
        raise VaultError(
            "The stored secrets cannot be decrypted with the keys in VAULT_KEYS. Enter them anew."
        ) from error


def _first_key_made(text: str) -> bool:
    try:
        Fernet(settings.PORTAL_VAULT_KEYS[0]).decrypt(text.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PORTAL_VAULT_KEYS])
