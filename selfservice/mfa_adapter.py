"""How django-allauth keeps second factors here: encrypted, under the portal's name."""

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy

from identities.models import User


class PortalMfaAdapter(DefaultMFAAdapter):
    """allauth's adapter with secrets encrypted at rest by the portal's rotatable keys."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("The code is wrong, or it was used already. Wait for the next one."),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt a TOTP secret or recovery-code seed."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Undo `encrypt`, under any of the keys."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: User) -> str:
        """What the authenticator app shows: the user name."""
        return user.user_name


def rotate(encrypted_text: str) -> str:
    """The same secret encrypted with the first key; the same text where it is already.

    Raises:
        InvalidToken: no key fits.
    """
    try:
        Fernet(settings.PORTAL_VAULT_KEYS[0]).decrypt(encrypted_text.encode())
    except InvalidToken:
        return _fernet().rotate(encrypted_text.encode()).decode()
    return encrypted_text


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PORTAL_VAULT_KEYS])
