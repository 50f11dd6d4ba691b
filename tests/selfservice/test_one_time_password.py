"""A one-time password opens the page that replaces it, and nothing else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from identities.actions import credentials
from identities.models import User
from tests.factories import actor, make_operator, make_person
from tests.selfservice.people import NEW_PASSWORD, trail, try_to_sign_in

pytestmark = pytest.mark.django_db
CHANGE = reverse("account_change_password")


def _sign_in(user: User) -> tuple[Client, str]:
    password = credentials.issue_one_time_password(user, actor=actor())
    client = Client()
    assert try_to_sign_in(client, user.user_name, password).status_code == 302
    return client, password


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/",
        "/admin/identities/user/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/reauthenticate/",
        "/accounts/password/reset/",
        "/accounts/login/",
        "/accounts/signup/",
        "/nowhere/",
    ],
)
def test_every_other_page_leads_to_the_change(path: str) -> None:
    client, _password = _sign_in(make_operator())
    for answer in (client.get(path), client.post(path, {"action_add": "", "email": "x@y.test"})):
        assert answer.status_code == 302
        assert answer.headers["Location"].split("?")[0] == CHANGE


def test_changing_signing_out_and_files_open() -> None:
    client, _password = _sign_in(make_person())
    page = client.get(CHANGE).content.decode()
    assert "one-time password" not in page
    assert 'href="/accounts/email/"' not in page
    assert client.get("/static/portal.css").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.post(reverse("account_logout")).headers["Location"] == reverse("account_login")


@pytest.mark.parametrize(
    ("make", "heading", "goal"),
    [
        (make_operator, "/admin/", "/admin/"),
        (make_operator, "/admin/identities/user/?q=ada", "/admin/identities/user/?q=ada"),
        (make_operator, "/", "/admin/"),
        (make_person, "/", "/"),
    ],
)
def test_after_the_change_the_way_goes_on(make: object, heading: str, goal: str) -> None:
    user = make()  # type: ignore[operator]
    client, password = _sign_in(user)
    page = client.get(heading, follow=True)
    assert "You signed in with a one-time password" in page.content.decode()
    address = page.redirect_chain[-1][0]
    fields = {"oldpassword": password, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = client.post(CHANGE, fields | {"next": page.context["redirect_field_value"] or ""})
    assert address.startswith(CHANGE)
    assert answer.headers["Location"] == goal
    assert client.get(goal).status_code == 200
    user.refresh_from_db()
    assert not user.must_change_password
    assert trail(user)[-2:] == ["user.signed_in", "user.password_changed"]


def test_the_one_time_password_is_no_new_password() -> None:
    user = make_person()
    client, password = _sign_in(user)
    fields = {"oldpassword": password, "password1": password, "password2": password}
    assert client.post(CHANGE, fields).status_code == 200
    user.refresh_from_db()
    assert user.must_change_password
