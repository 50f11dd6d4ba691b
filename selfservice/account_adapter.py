"""How django-allauth signs people in here: no registration, links from the public URL, state changes by actions."""

from typing import Any
from urllib.parse import urljoin

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse

from identities.actions import credentials
from identities.actors import self_actor
from identities.models import User
from selfservice.deferred import run_later


class PortalAccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with the portal's rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers by themselves here yet."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Where to go once the password is changed: on to work."""
        return reverse("admin:index") if request.user.is_staff else reverse("own_record")  # type: ignore[union-attr]

    def set_password(self, user: User, password: str) -> None:
        """Change or reset a password: an audited action that ends every other session."""
        actor = self_actor(user.pk, user.user_name, self._address())
        credentials.set_password(user, password, actor=actor)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, with a note in the audit trail."""
        super().login(request, user)
        credentials.record_sign_in(user, actor=self_actor(user.pk, user.user_name, self._address()))

    def authentication_failed(self, request: HttpRequest, **credentials_given: Any) -> None:
        """Note a failed attempt on a known user, after the answer so that its time tells nothing."""
        super().authentication_failed(request, **credentials_given)
        name = credentials_given.get("username") or ""
        run_later(credentials.record_failed_sign_in, name, remote_address=self._address())

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render now, send after the answer: the time of an answer must not tell whether an address is known."""
        message: EmailMessage = self.render_mail(template_prefix, email, {"request": self.request, **context})
        run_later(message.send)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link of the configured public URL, whatever host the request named."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return urljoin(settings.PORTAL_PUBLIC_URL, path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """See `get_reset_password_from_key_url`."""
        return urljoin(settings.PORTAL_PUBLIC_URL, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def _address(self) -> str | None:
        return get_client_ip(self.request) if self.request else None
