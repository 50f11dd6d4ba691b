"""How long a session lasts: so long without use, and so long at most."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
# The last use is stored no more often than this, so that reading pages writes next to nothing.
GRAIN_SECONDS = 30


class SessionLimitsMiddleware:
    """Signs out who has not been seen for as long as `PORTAL_SESSION_LIMITS` allows, or signed in too long ago,
    and keeps what signed-in people see out of caches.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, as nobody if the session has ended."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        now = time.time()
        if _ended(request, now):
            logout(request)
            messages.info(request, _("Your session has ended. Sign in to go on."))
        elif now - request.session.get(SEEN_AT, 0) >= GRAIN_SECONDS:
            request.session[SEEN_AT] = now
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


def _ended(request: HttpRequest, now: float) -> bool:
    administers = request.user.is_staff  # type: ignore[union-attr]  # whoever is signed in is one of our users
    idle_seconds, seconds = settings.PORTAL_SESSION_LIMITS["administrator" if administers else "person"]
    seen_at: float = request.session.get(SEEN_AT, now)
    signed_in_at: float = request.session.get(SIGNED_IN_AT, now)
    return now - seen_at > idle_seconds or now - signed_in_at > seconds
