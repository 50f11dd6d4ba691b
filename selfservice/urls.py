"""Self-service addresses."""

from django.urls import include, path

from selfservice.tokens import own_tokens, revoke_own_token
from selfservice.views import own_record

urlpatterns = [
    path("", own_record, name="own_record"),
    path("tokens/", own_tokens, name="own_tokens"),
    path("tokens/<int:pk>/revoke/", revoke_own_token, name="own_token_revoke"),
    path("accounts/", include("selfservice.account_urls")),
]
