"""How django-allauth signs people in here: no registration, links from the public URL, state changes by actions."""

import time
from typing import Any
from urllib.parse import urljoin

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions import credentials
from identities.canonical import fold
from identities.models import User
from selfservice.acting import acting_on_self, address_of
from selfservice.deferred import run_later
from selfservice.session_limits import SIGNED_IN_AT

SESSION_EPOCH = "session_epoch_at_password"


class PortalAccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with the portal's rules."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("The user name or the password is wrong."),
        "incorrect_password": gettext_lazy("The password is wrong."),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "too_many_login_attempts": gettext_lazy("Too many failed attempts. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers by themselves here yet."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether a redirect may go there: to paths of the portal only, never to an address with a host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where to go when nothing was asked for: administrators to their work, everybody else to their record."""
        return reverse("admin:index") if request.user.is_staff else reverse("own_record")  # type: ignore[union-attr]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Where to go once the password is changed: see `get_login_redirect_url`."""
        return self.get_login_redirect_url(request)

    def set_password(self, user: User, password: str) -> None:
        """Change or reset a password: an audited action that ends every other session."""
        credentials.set_password(user, password, actor=acting_on_self(user, self.request))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Go on to the second factor, if there is one, in a new session that remembers what it was begun with."""
        response = super().pre_login(request, user, **kwargs)
        if response is None:
            request.session.cycle_key()
            request.session[SESSION_EPOCH] = user.session_epoch
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, with a note in the audit trail.

        Raises:
            ImmediateHttpResponse: back to the sign-in, if the user was suspended or the password changed since it
                was given.
        """
        if not user.is_active or request.session.pop(SESSION_EPOCH, None) != user.session_epoch:
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)
        request.session[SIGNED_IN_AT] = time.time()
        credentials.record_sign_in(user, actor=acting_on_self(user, request))

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Nothing tells somebody who is not let in from somebody unknown."""
        return HttpResponseRedirect(reverse("account_login"))

    def authentication_failed(self, request: HttpRequest, **credentials_given: Any) -> None:
        """Note a failed attempt on a known user, after the answer so that its time tells nothing."""
        super().authentication_failed(request, **credentials_given)
        name = credentials_given.get("username") or ""
        run_later(credentials.record_failed_sign_in, name, remote_address=address_of(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether to ask for the password again before credentials change; not of who signed in just now."""
        signed_in_at = self.request.session.get(SIGNED_IN_AT, 0) if self.request else 0
        if time.time() - signed_in_at < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take an address as proved by whoever is signed in as its user: somebody who added it with a session that
        has ended since (by a new password, say) reads the mail in vain.
        """
        return request.user.pk == email_address.user_id and super().confirm_email(request, email_address)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render now, send after the answer: the time of an answer must not tell whether an address is known."""
        message = self.render_mail(template_prefix, email, {"portal_url": settings.PORTAL_PUBLIC_URL, **context})
        run_later(message.send)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell the user about a change of credentials, at an address that was proved; without one, not at all."""
        proved = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary").first()
        address = email or (proved.email if proved else None)
        if address:
            super().send_notification_mail(template_prefix, user, context, address)

    def format_email_subject(self, subject: str) -> str:
        """The portal's name before the subject; allauth would take the host that the request named."""
        return f"[{_('Provisioning portal')}] {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link of the configured public URL, whatever host the request named."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return urljoin(settings.PORTAL_PUBLIC_URL, path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """See `get_reset_password_from_key_url`."""
        return urljoin(settings.PORTAL_PUBLIC_URL, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Failed attempts are counted per user, whatever spelling of the name and whatever host the request chooses.
        return fold(credentials.get("username") or credentials.get("email") or "")
