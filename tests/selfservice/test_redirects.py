"""Where `next` may lead: inside the portal, nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_operator
from tests.selfservice.people import NEW_PASSWORD, PASSWORD, person_with_password, signed_in

pytestmark = pytest.mark.django_db
ELSEWHERE = (
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "https://testserver:443@evil.example/",
    "http://127.0.0.1:6379/",
    "http://localhost:1/",
    "http://testserver/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://evil。example/",
    "//evil%E3%80%82example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "\x01https://evil.example",
    "\thttps://evil.example",
    " //evil.example",
    "//evil.example%0d%0aX: y",
    "https://evil.example\r\nX: y",
    "",
)
INSIDE = ("/accounts/2fa/", "/?x=1", "/accounts/email/?x=//evil.example")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_leads_elsewhere(client: Client, target: str) -> None:
    fields = {"login": person_with_password().user_name, "password": PASSWORD, "next": target}
    _stays(client.post(reverse("account_login"), fields).headers["Location"])
    address = f"{reverse('account_login')}?next={quote(target)}"
    # Whoever is signed in already is sent on at once.
    _stays(client.get(address).headers["Location"])
    client.logout()
    _stays(client.post(address, fields | {"next": ""}).headers["Location"])


@pytest.mark.parametrize("target", ELSEWHERE)
def test_neither_do_the_other_pages(client: Client, target: str) -> None:
    operator = make_operator()
    query = f"?next={quote(target)}"
    _stays(client.get(f"/admin/login/{query}").headers["Location"])
    client = signed_in(operator)
    _stays(client.get(f"/admin/login/{query}").headers["Location"])
    again = client.post(f"{reverse('account_reauthenticate')}{query}", {"password": PASSWORD, "next": target})
    _stays(again.headers["Location"])
    passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "next": target}
    _stays(client.post(f"{reverse('account_change_password')}{query}", passwords).headers["Location"])
    _stays(client.post(f"{reverse('account_logout')}{query}", {"next": target}).headers["Location"])


@pytest.mark.parametrize("target", INSIDE)
def test_paths_of_the_portal_are_kept(client: Client, target: str) -> None:
    fields = {"login": person_with_password().user_name, "password": PASSWORD, "next": target}
    assert client.post(reverse("account_login"), fields).headers["Location"] == target


def _stays(location: str) -> None:
    parts = urlsplit(location)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in parts.path
