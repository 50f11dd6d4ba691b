"""The pages of django-allauth that this portal uses, and nothing else of it."""

from allauth.account import views
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path

from selfservice.views import no_password, no_registration

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("signup/", no_registration, name="account_signup"),
    path("email/", views.email, name="account_email"),
    # Asks for a sign-in: whoever only reads the mail proves nothing.
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", login_required(views.confirm_email), name="account_confirm_email"),
    path("password/change/", views.password_change, name="account_change_password"),
    # allauth leads there whoever has no password to change.
    path("password/none/", no_password, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", include("allauth.mfa.urls")),
]
