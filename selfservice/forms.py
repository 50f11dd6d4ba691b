"""allauth's forms in the portal's words: every field has its label, none a placeholder that repeats it."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from selfservice.deferred import run_later
from selfservice.password_reset import send_reset_link

LABELS = {
    "login": _("User name"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password (again)"),
    "email": _("E-mail address"),
    "code": _("Code"),
}


class _PlainFields(forms.Form):
    """Fields without placeholders, links and Django's colons; the first one has the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name, field in self.fields.items():
            field.label = LABELS[name]
            field.widget.attrs.pop("placeholder", None)
        for name in {"password", "oldpassword"} & set(self.fields):
            self.fields[name].help_text = ""
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class SignInForm(_PlainFields, account_forms.LoginForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class ReauthenticateForm(_PlainFields, account_forms.ReauthenticateForm):
    """The password once more, before something that matters."""


class ChangePasswordForm(_PlainFields, account_forms.ChangePasswordForm):
    """The password so far and the new one twice."""

    def clean_password1(self) -> str:
        """A password that is not the one so far, which may have been given by somebody else.

        Raises:
            ValidationError: it is the same.
        """
        password = self.cleaned_data["password1"]
        if password == self.cleaned_data.get("oldpassword"):
            raise forms.ValidationError(_("Choose a password that differs from the one so far."), code="same_password")
        return password


class NewPasswordForm(_PlainFields, account_forms.ResetPasswordKeyForm):
    """The new password twice, for who came by a link."""


class AddAddressForm(_PlainFields, account_forms.AddEmailForm):
    """An e-mail address to prove."""


class RequestResetForm(_PlainFields, account_forms.ResetPasswordForm):
    """The address to send a link to. Whether it is known is looked up after the answer."""

    def clean_email(self) -> str:
        """Any well-formed address will do."""
        return self.cleaned_data["email"]

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have a link sent to the address, if somebody proved it."""
        run_later(send_reset_link, self.cleaned_data["email"])
        return self.cleaned_data["email"]


class _CodeField(_PlainFields):
    """A code of digits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class SecondFactorForm(_CodeField, factor_forms.AuthenticateForm):
    """A code to sign in with."""


class SecondFactorAgainForm(_CodeField, factor_forms.ReauthenticateForm):
    """A code before something that matters."""


class ActivateTotpForm(_CodeField, totp_forms.ActivateTOTPForm):
    """A code that proves the authenticator app was set up; it serves once, like every other."""

    def clean_code(self) -> str:
        """A right code, used up.

        Raises:
            ValidationError: it is wrong or was used before.
        """
        code = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code
