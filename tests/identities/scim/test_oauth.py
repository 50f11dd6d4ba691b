"""OAuth 2.0 client credentials: tokens for an hour, under every check that static tokens are under."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from django.contrib.auth import hashers
from django.core.cache import cache
from django.urls import resolve
from django.utils import timezone

from identities.actions.clients import update_client
from identities.actions.oauth import OAuthCredentials, issue_oauth_credentials, revoke_oauth_credentials
from identities.actors import command_actor
from identities.models import ApiClient, AuditEntry
from identities.scim import limits
from identities.scim.callers import oauth, oauth_tokens, throttling
from identities.vocabulary import ClientScope
from tests.identities.scim.service import BASE, USER, Service

pytestmark = pytest.mark.django_db
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def no_earlier_requests() -> None:
    cache.clear()


@pytest.fixture
def credentials(hr: Service) -> OAuthCredentials:
    return issue_oauth_credentials(hr.client, actor=command_actor())


def basic(made: OAuthCredentials, secret: str | None = None) -> dict[str, str]:
    pair = f"{made.client_id}:{made.client_secret if secret is None else secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def ask(hr: Service, made: OAuthCredentials, path: str = "/oauth/token", secret: str | None = None, **form: str) -> Any:
    given = form if path.endswith("revoke") else {**GRANT, **form}
    return hr.http.post(path, given, headers=basic(made, secret))


def with_token(hr: Service, made: OAuthCredentials, **form: str) -> Service:
    answer = ask(hr, made, **form)
    assert answer.status_code == 200, answer.content
    return Service(hr.client, answer.json()["access_token"], hr.http)


def test_a_token_is_opaque_good_for_an_hour_and_kept_as_a_digest_only(hr: Service, credentials: Any) -> None:
    answer = ask(hr, credentials)
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert set(body["scope"].split()) == set(ClientScope)
    assert "refresh_token" not in body
    assert answer["Cache-Control"] == "no-store"
    service = Service(hr.client, body["access_token"], hr.http)
    assert service.post("/Users", {"schemas": [USER], "userName": "anna"}).status == 201
    assert hr.find('userName eq "anna"').body["totalResults"] == 1
    kept = str(list(Token.objects.values())) + str(list(OAuthClient.objects.values()))
    told = str(list(AuditEntry.objects.values())) + str(list(hr.client.requests.values()))
    for secret in (body["access_token"], credentials.client_secret):
        assert secret not in kept + told
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"credentials.issued", "token.issued"}
    hr.client.refresh_from_db()
    assert hr.client.last_used_at is not None


def test_id_and_secret_may_stand_in_the_form(hr: Service, credentials: Any) -> None:
    form = {**GRANT, "client_id": credentials.client_id, "client_secret": credentials.client_secret}
    assert hr.http.post("/oauth/token", form).status_code == 200


def test_a_token_may_be_asked_for_less_and_never_does_more(hr: Service, credentials: Any) -> None:
    reader = with_token(hr, credentials, scope="read")
    assert reader.get("/Users").status == 200
    assert reader.post("/Users", {"schemas": [USER], "userName": "anna"}).status == 403
    assert ask(hr, credentials, scope="read openid").json()["error"] == "invalid_scope"
    writer = with_token(hr, credentials)
    update_client(hr.client, actor=command_actor(), changes={"scopes": [ClientScope.READ]})
    assert writer.post("/Users", {"schemas": [USER], "userName": "anna"}).status == 403
    assert ask(hr, credentials).json()["scope"] == "read"
    assert ask(hr, credentials, scope="write_users").status_code == 400


def test_every_way_to_end_a_client_ends_its_tokens_at_once(hr: Service, credentials: Any) -> None:
    admin, past = command_actor(), timezone.now() - timedelta(seconds=1)
    service = with_token(hr, credentials)
    for changes, undo in (
        ({"expires_at": past}, {"expires_at": None}),
        ({"allowed_networks": ["192.0.2.0/24"]}, {"allowed_networks": []}),
        ({"enabled": False}, {"enabled": True}),
    ):
        assert service.get("/Users").status == 200
        update_client(hr.client, actor=admin, changes=changes)
        refused = service.get("/Users"), hr.get("/Users")
        assert {(each.status, str(each.body)) for each in refused} == {(401, str(refused[0].body))}
        assert ask(hr, credentials).json() == {"error": "invalid_client"}
        update_client(hr.client, actor=admin, changes=undo)
    assert service.get("/Users").status == 401, "disabling revoked it"
    service = with_token(hr, credentials)
    Token.objects.update(expires_at=past)
    assert service.get("/Users").status == 401
    service = with_token(hr, credentials)
    assert revoke_oauth_credentials(hr.client, actor=admin)
    assert service.get("/Users").status == 401
    assert hr.get("/Users").status == 200, "its static token lives"
    assert not revoke_oauth_credentials(hr.client, actor=admin)
    assert OAuthClient.objects.count() == Token.objects.count() == 0


def test_a_deleted_clients_tokens_of_both_kinds_are_refused(hr: Service, credentials: Any) -> None:
    service = with_token(hr, credentials)
    ApiClient.objects.all().delete()
    assert service.get("/Users").status == hr.get("/Users").status == 401
    assert ask(hr, credentials).json() == {"error": "invalid_client"}


def test_a_new_secret_replaces_the_old_one(hr: Service, credentials: Any) -> None:
    again = issue_oauth_credentials(hr.client, actor=command_actor())
    assert again.client_id == credentials.client_id
    assert ask(hr, credentials).status_code == 401
    assert ask(hr, again).status_code == 200


@pytest.mark.database
def test_no_answer_tells_an_id_that_exists_from_one_that_does_not(
    hr: Service, credentials: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counting(self: Any, password: str, *args: Any, **kwargs: Any) -> str:
        hashed.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counting)
    stranger = OAuthCredentials("f" * 32, "secret")
    answers = []
    for made, secret in ((credentials, "wrong"), (stranger, "wrong"), (OAuthCredentials("a\x00", "x"), "wrong")):
        hashed.clear()
        answer = ask(hr, made, secret=secret)
        answers.append((answer.status_code, answer.content, answer["WWW-Authenticate"], len(hashed)))
    assert set(answers) == {(401, b'{"error": "invalid_client"}', 'Basic realm="OAuth"', 1)}
    hashed.clear()
    for made in (credentials, stranger):
        assert ask(hr, made, secret="").status_code == 401
        assert ask(hr, made, "/oauth/revoke", secret="", token="x").status_code == 401
    assert hashed == []


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"resource": "http://["}, "invalid_target"),
        ({"scope": "a\x00b"}, "invalid_scope"),
    ],
)
def test_what_cannot_be_granted_is_refused_in_oauths_form(
    hr: Service, credentials: Any, form: dict[str, str], error: str
) -> None:
    answer = ask(hr, credentials, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_bodies_that_are_no_form_are_refused(hr: Service, credentials: Any) -> None:
    for body, content_type in (
        (b"{}", "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
    ):
        answer = hr.http.generic("POST", "/oauth/token", body, content_type, headers=basic(credentials))
        assert answer.status_code == 400, body
    assert hr.http.get("/oauth/token").status_code == 405


def test_a_client_revokes_its_own_tokens_only(hr: Service, other: Service, credentials: Any) -> None:
    theirs = issue_oauth_credentials(other.client, actor=command_actor())
    mine, foreign = with_token(hr, credentials), with_token(other, theirs)
    assert ask(hr, credentials, "/oauth/revoke", token=foreign.token).status_code == 200
    assert foreign.get("/Users").status == 200
    assert ask(hr, credentials, "/oauth/revoke", secret="wrong", token=mine.token).status_code == 401
    assert mine.get("/Users").status == 200
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 0
    assert ask(hr, credentials, "/oauth/revoke", token=mine.token).status_code == 200
    assert mine.get("/Users").status == 401
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 1
    assert ask(hr, credentials, "/oauth/revoke", token=hr.token).status_code == 200
    assert hr.get("/Users").status == 200
    assert ask(hr, credentials, "/oauth/revoke").json() == {"error": "invalid_request"}


def test_asking_too_often_is_answered_with_429(hr: Service, credentials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth, "OAUTH_REQUESTS", 3)
    monkeypatch.setattr(throttling, "time", SimpleNamespace(time=lambda: 100 * limits.OAUTH_SECONDS - 6.5))
    answers = [ask(hr, credentials) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json() == {"error": "temporarily_unavailable"}
    assert answers[-1]["Retry-After"] == "7"


def test_nothing_else_of_the_provider_can_be_reached(hr: Service) -> None:
    for path in ("authorize", "userinfo", "device/code", "introspect", "clients"):
        for before in ("/oauth/", "/identity/o/", "/identity/o/api/"):
            assert hr.http.get(before + path).status_code == 404
    assert hr.http.get("/.well-known/openid-configuration").status_code == 404
    assert resolve("/oauth/token").url_name == "oauth_token"


def test_both_ways_to_authenticate_are_published(hr: Service) -> None:
    schemes = hr.get("/ServiceProviderConfig").body["authenticationSchemes"]
    assert [(each["type"], each.get("primary", False)) for each in schemes] == [
        ("oauthbearertoken", True),
        ("oauth2", False),
    ]


def test_expired_tokens_are_forgotten(hr: Service, credentials: Any) -> None:
    with_token(hr, credentials)
    assert oauth_tokens.forget_expired_tokens() == 0
    Token.objects.update(expires_at=timezone.now())
    assert (oauth_tokens.forget_expired_tokens(), Token.objects.count()) == (1, 0)


def test_a_token_opens_nothing_but_scim(hr: Service, credentials: Any) -> None:
    service = with_token(hr, credentials)
    answer = hr.http.get("/admin/", headers={"Authorization": f"Bearer {service.token}"})
    assert answer.status_code == 302
    assert service.raw("GET", "/Users").status_code == 200
    assert hr.http.get(f"{BASE}/Users?access_token={service.token}").status_code == 401
