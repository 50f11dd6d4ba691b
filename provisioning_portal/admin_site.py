"""The admin site: Unfold's, with the portal's own sign-in."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):
    """The one admin site. Who signs in, does so where everybody does; Django's own login form is never shown."""

    site_title = _("Provisioning portal")
    site_header = _("Provisioning portal")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever may not see the admin to the portal's sign-in, or home when signed in without a role."""
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponseRedirect("/")
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            target = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        return redirect_to_login(target)
