"""Self-service addresses."""

from django.urls import include, path

from selfservice.views import own_record

urlpatterns = [
    path("", own_record, name="own_record"),
    path("accounts/", include("selfservice.account_urls")),
]
