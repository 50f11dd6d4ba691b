"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from identities.scim.callers.oauth import RevokeView, TokenView
from identities.scim.endpoints import RootView
from provisioning_portal import refusals
from provisioning_portal.health import healthz

urlpatterns = [
    path("scim/v2/", include("identities.scim.urls")),
    path("api/", include("connectors.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    # SCIM never redirects to a slash; it answers in its own form.
    path("scim/v2", RootView.as_view()),
    path("oauth/token", TokenView.as_view(), name="oauth_token"),
    path("oauth/revoke", RevokeView.as_view(), name="oauth_revoke"),
    path("", include("selfservice.urls")),
]

handler400 = refusals.bad_request
handler500 = refusals.server_error
