"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from provisioning_portal.health import healthz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("healthz", healthz, name="healthz"),
]
