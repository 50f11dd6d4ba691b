"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path, re_path

from provisioning_portal.health import healthz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("healthz", healthz, name="healthz"),
    # Without its slash: SCIM answers with and without one, and never redirects.
    re_path(r"^scim/v2(?=/|$)", include("identities.scim.urls")),
    path("", include("selfservice.urls")),
]
