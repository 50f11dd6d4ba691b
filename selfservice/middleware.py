"""Steps a signed-in user must take before anything else opens: an own password, and for operators a second factor."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from identities.models import User

# SCIM takes bearer tokens only, whoever is signed in; a redirect would mean nothing to its clients.
_OTHER_FACES = (settings.STATIC_URL, "/scim/", "/healthz")


class RequiredStepsMiddleware:
    """Sends a user with a one-time password to choose their own, and an operator without a second factor to set
    one up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or redirect to the step that is due."""
        if request.path.startswith(_OTHER_FACES) or not isinstance(request.user, User):
            return self.get_response(request)
        if request.user.must_change_password and not _leads_to_own_password(request.path):
            messages.info(request, _("You signed in with a one-time password. Choose your own to go on."))
            return HttpResponseRedirect(_step("account_change_password", request))
        if _needs_second_factor(request, request.user):
            messages.info(request, _("Administrators need a second factor. Set up your authenticator app to go on."))
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)


def _leads_to_own_password(path: str) -> bool:
    return path in (reverse("account_change_password"), reverse("account_logout"))


def _step(name: str, request: HttpRequest) -> str:
    """The address of a step, with where the user was heading unless that is where everybody goes."""
    if request.method != "GET" or not request.path.startswith(reverse("admin:index")):
        return reverse(name)
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"


def _needs_second_factor(request: HttpRequest, user: User) -> bool:
    if not (settings.PORTAL_REQUIRE_TOTP and user.is_staff and request.path.startswith(reverse("admin:index"))):
        return False
    return not is_mfa_enabled(user, [Authenticator.Type.TOTP])
