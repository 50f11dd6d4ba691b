"""Steps a signed-in user must take before anything else opens: an own password, and for operators a second factor."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from identities.models import User

SECOND_FACTOR_SEEN = "second_factor_seen"


class RequiredStepsMiddleware:
    """Sends a user with a one-time password to choose their own, and an operator without a second factor to set
    one up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or redirect to the step that is due."""
        user = request.user
        if isinstance(user, User) and not _leads_through(request.path):
            if user.must_change_password:
                messages.info(request, _("You signed in with a one-time password. Choose your own to go on."))
                return redirect("account_change_password")
            if _needs_second_factor(request, user):
                messages.info(
                    request, _("Administrators need a second factor. Set up your authenticator app to go on.")
                )
                return redirect("mfa_activate_totp")
        return self.get_response(request)


def _leads_through(path: str) -> bool:
    """Whether this page is on the way to taking the steps."""
    return path.startswith((reverse("account_login").removesuffix("login/"), settings.STATIC_URL, "/scim/", "/healthz"))


def _needs_second_factor(request: HttpRequest, user: User) -> bool:
    if not (settings.PORTAL_REQUIRE_TOTP and user.is_staff and request.path.startswith(reverse("admin:index"))):
        return False
    if not request.session.get(SECOND_FACTOR_SEEN):
        request.session[SECOND_FACTOR_SEEN] = Authenticator.objects.filter(user=user).exists()
    return not request.session[SECOND_FACTOR_SEEN]
