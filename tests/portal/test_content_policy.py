"""The headers of every answer."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from provisioning_portal.content_policy import ContentPolicyMiddleware
from provisioning_portal.forwarded import TrustedProxyMiddleware


def _policy(path: str) -> dict[str, set[str]]:
    middleware = ContentPolicyMiddleware(lambda request: HttpResponse())
    header = middleware(RequestFactory().get(path))["Content-Security-Policy"]
    directives = [directive.split() for directive in header.split(";")]
    return {name: set(sources) for name, *sources in directives}


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/scim/v2/Users", "/administration", "/x/admin/"])
def test_pages_run_and_style_only_from_files(path: str) -> None:
    policy = _policy(path)
    assert policy["script-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'"}
    assert policy["frame-ancestors"] == policy["object-src"] == {"'none'"}
    assert policy["base-uri"] == policy["form-action"] == policy["default-src"] == {"'self'"}


def test_the_admin_may_evaluate_and_style_but_not_run_inline_script() -> None:
    policy = _policy("/admin/identities/user/")
    assert policy["script-src"] == {"'self'", "'unsafe-eval'"}
    assert policy["style-src"] == {"'self'", "'unsafe-inline'"}
    assert policy["frame-ancestors"] == {"'none'"}


@pytest.mark.django_db
def test_the_admin_has_no_sign_in_of_its_own(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1] == ("/accounts/login/?next=/admin/", 302)
    elsewhere = client.get("/admin/login/?next=https://elsewhere.example/")
    assert elsewhere.headers["Location"] == "/accounts/login/?next=/admin/"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [("203.0.113.9", "203.0.113.9"), ("198.51.100.1, 203.0.113.9", "203.0.113.9"), ("", "127.0.0.1")],
)
def test_the_client_cannot_choose_its_own_address(forwarded: str, seen: str) -> None:
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        middleware = TrustedProxyMiddleware(lambda request: HttpResponse(request.META["REMOTE_ADDR"]))
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        assert middleware(request).content.decode() == seen
