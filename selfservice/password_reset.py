"""Resetting a forgotten password by a link to a proved address."""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from identities.models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens that end with the password, with the sessions, and when the proved addresses or the user's right to sign
    in change.
    """

    key_salt = "selfservice.password_reset"

    def check_token(self, user: AbstractBaseUser | None, token: str | None) -> bool:
        """Whether this token resets this user's password now."""
        return user is not None and _may_reset(user) and super().check_token(user, token)

    def _make_hash_value(self, user: User, timestamp: int) -> str:  # type: ignore[override]  # they are ours
        proved = EmailAddress.objects.filter(user=user, verified=True).order_by("email").values_list("email", flat=True)
        parts = (user.pk, user.password, user.session_epoch, user.last_login, timestamp, *proved)
        return "|".join(str(part) for part in parts)


def send_reset_link(email: str) -> None:
    """Send a link to the one who proved this address; nothing happens if nobody did, or if they may not sign in by a
    password.
    """
    address = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
    if address is None or not _may_reset(address.user):
        return
    user, adapter = address.user, get_adapter()
    key = f"{user_pk_to_url_str(user)}-{ResetTokens().make_token(user)}"
    context = {"user_name": user.user_name, "password_reset_url": adapter.get_reset_password_from_key_url(key)}
    adapter.send_mail("account/email/password_reset_key", address.email, context)


def _may_reset(user: AbstractBaseUser) -> bool:
    return user.is_active and user.has_usable_password()
