"""Requests that mean no good: without a token, beyond the limits, of every wrong shape, or grasping for privilege."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError
from django.middleware.security import SecurityMiddleware
from django.test import Client
from django.utils import timezone

from identities.actions.administrators import create_operator
from identities.actions.clients import issue_token, revoke_token, update_client
from identities.actions.users import update_user
from identities.actors import command_actor
from identities.models import ApiToken, ClientRequest, User
from identities.scim import limits
from identities.scim.callers import throttling
from identities.vocabulary import ClientScope, Role
from tests.identities.scim.service import BASE, ENTERPRISE, GROUP, PATCH_OP, SEARCH, USER, Service, new_service
from tests.timing import answered_within

PATHS = (
    "/Users", "/Users/", "/Users/x", "/Groups", "/Groups/x", "/Bulk", "/Me", "/Schemas", "/Schemas/x", "/ResourceTypes",
    "/ServiceProviderConfig", "/.search", "/Users/.search", "//Users", "/%2fUsers", "/users", "", "/", "/Nonsense/x/y",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


def bearer(service: Service) -> dict[str, str]:
    return {"Authorization": f"Bearer {service.token}"}


def credentials(service: Service) -> dict[str, dict[str, str]]:
    """Everything that is not a live token."""
    expired = issue_token(service.client, actor=command_actor(), expires_at=timezone.now() - timedelta(seconds=1))
    return {
        "none": {},
        "empty": {"Authorization": "Bearer "},
        "wrong": {"Authorization": "Bearer scim_nonsense"},
        "expired": {"Authorization": f"Bearer {expired}"},
        "basic": {"Authorization": "Basic cm9vdDpyb290"},
        "other scheme": {"Authorization": f"Token {service.token}"},
        "long": {"Authorization": "Bearer " + "x" * 5000},
        "override": {"X-HTTP-Method-Override": "GET"},
    }


def test_without_a_live_token_every_path_is_closed(hr: Service) -> None:
    hr.create_user("anna")
    browser = Client()
    for name, headers in credentials(hr).items():
        for path in PATHS:
            for method in METHODS if name in ("none", "override") else ("GET", "POST"):
                response = browser.generic(method, f"{BASE}{path}", b"", headers=headers)
                assert response.status_code == 401, (method, path, headers)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
                assert b"anna" not in response.content


def test_a_session_opens_nothing_and_a_query_token_neither(hr: Service) -> None:
    create_operator("root", "Correct-Horse-9", Role.SUPERUSER, actor=command_actor())
    browser = Client()
    browser.force_login(User.objects.get(user_name="root"))
    assert browser.get(f"{BASE}/Users").status_code == 401
    form = b'{"schemas": ["' + USER.encode() + b'"], "userName": "x"}'
    assert browser.post(f"{BASE}/Users", form, content_type="text/plain").status_code == 401
    assert browser.get(f"{BASE}/Users?access_token={hr.token}&token={hr.token}").status_code == 401


def test_a_revoked_token_a_disabled_client_and_a_foreign_network_are_refused_at_once(hr: Service) -> None:
    assert hr.get("/Users").status == 200
    update_client(hr.client, actor=command_actor(), changes={"allowed_networks": ["192.0.2.0/24"]})
    assert hr.get("/Users").status == 401
    update_client(hr.client, actor=command_actor(), changes={"allowed_networks": ["127.0.0.0/8"]})
    assert hr.get("/Users").status == 200
    assert hr.http.get(f"{BASE}/Users", REMOTE_ADDR="::ffff:127.0.0.1", headers=bearer(hr)).status_code == 200
    assert hr.http.get(f"{BASE}/Users", REMOTE_ADDR="nowhere", headers=bearer(hr)).status_code == 401
    update_client(hr.client, actor=command_actor(), changes={"enabled": False})
    assert hr.get("/Users").status == 401
    update_client(hr.client, actor=command_actor(), changes={"enabled": True})
    revoke_token(ApiToken.objects.get(client=hr.client), actor=command_actor())
    assert hr.get("/Users").status == 401


@pytest.mark.django_db
def test_scopes() -> None:
    reader = new_service("reader", scopes=(ClientScope.READ,))
    writer = new_service("writer", scopes=(ClientScope.WRITE_USERS,))
    assert reader.get("/Users").status == 200
    search = {"schemas": [SEARCH]}
    assert reader.post("/.search", search).status == 200
    assert reader.post("/Users", {"schemas": [USER], "userName": "x"}).status == 403
    assert reader.delete("/Groups/x").status == 403
    assert writer.post("/Users", {"schemas": [USER], "userName": "x"}).status == 201
    assert writer.get("/Users").status == 403
    assert writer.post("/Groups", {"schemas": [GROUP], "displayName": "x"}).status == 403
    assert writer.get("/ServiceProviderConfig").status == 200


def test_methods_media_types_and_unknown_paths(hr: Service) -> None:
    for path, method in (
        ("/Users", "DELETE"),
        ("/Users", "PATCH"),
        ("/Schemas", "POST"),
        ("/ServiceProviderConfig", "PUT"),
    ):
        assert hr.request(method, path).status == 405
    assert hr.get("/Nonsense").status == 404
    assert hr.get("/users").status == 404
    assert hr.get("/Users", Accept="text/html").status == 406
    body = b'{"schemas": ["' + USER.encode() + b'"], "userName": "x"}'
    for content_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert hr.request("POST", "/Users", body, **{"Content-Type": content_type}).status == 415
    assert hr.request("POST", "/Users/", body, **{"Content-Type": "application/json; charset=utf-8"}).status == 201
    response = hr.raw("GET", "/Users/", Accept="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert hr.raw("OPTIONS", "/Users").headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert hr.raw("HEAD", "/Users").status_code == 200
    assert hr.get("/Schemas?filter=id%20pr").status == 403
    assert hr.get(f"/Schemas/{USER}").body["id"] == USER
    assert hr.get("/ResourceTypes/User").body["endpoint"] == "/Users"
    assert hr.get("/Schemas/nonsense").status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"userName": "a", "userName": "b"}',
        b'{"userName": "a", "USERNAME": "b"}',
        b'{"userName": "a\\u0000b"}',
        b'{"userName": "\\ud800"}',
        b'{"userName": NaN}',
        b'{"userName": "a", "x": 1e999}',
        b'{"userName": "a", "x": ' + b"9" * 5000 + b"}",
        b'{"userName": ' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"x": ' * 100_000 + b"1" + b"}" * 100_000,
        b'{"userName": {"a": 1}}',
        b'{"userName": 5}',
        b'{"userName": ["x"]}',
        b'{"userName": ""}',
        b'{"userName": null}',
        b'{"userName": "x", "active": "False"}',
        b'{"userName": "x", "active": 0}',
        b'{"userName": "x", "emails": "x"}',
        b'{"userName": "x", "emails": [{"value": "no address"}]}',
        b'{"userName": "x", "emails": [[]]}',
        b'{"userName": "x", "name": "y"}',
        b'{"userName": "x", "nonsense": 1}',
        b'{"userName": "' + b"x" * 300 + b'"}',
        b'{"userName": "' + "İ".encode() * 200 + b'"}',
        b'{"userName": "x", "schemas": "y"}',
        b'{"userName": "x", "emails": [{"value": "a@b.c", "primary": true}, {"value": "d@b.c", "primary": true}]}',
        b'{"userName": "x", "roles": [' + b",".join([b'{"value": "%d"}' % n for n in range(300)]) + b"]}",
    ],
)
def test_bodies_that_are_no_user(hr: Service, body: bytes) -> None:
    if body.startswith(b'{"userName"'):
        body = b'{"schemas": ["' + USER.encode() + b'"], ' + body[1:]
    with answered_within(2):
        answer = hr.request("POST", "/Users", body)
        assert answer.status == 400, answer.body
        assert answer.body["scimType"] in ("invalidSyntax", "invalidValue")
    assert not User.objects.exists()


def test_a_body_beyond_the_limit_is_413(hr: Service) -> None:
    body = b'{"userName": "' + b"x" * limits.BODY_BYTES + b'"}'
    assert hr.request("POST", "/Users", body).status == 413
    operations = [{"op": "add", "path": "title", "value": "x"}] * (limits.OPERATIONS + 1)
    created = hr.create_user("anna")
    assert hr.patch(f"/Users/{created['id']}", *operations).status == 413


@pytest.mark.parametrize(
    "filter_",
    [
        "x" * 1_000_000,
        "(" * 500 + "userName pr" + ")" * 500,
        "not (" * 30 + "userName pr" + ")" * 30,
        " or ".join(["title pr"] * 350),
        'userName eq "' + "x" * 5000 + '"',
    ],
)
def test_filters_beyond_the_limits_are_refused_quickly(hr: Service, filter_: str) -> None:
    with answered_within(1):
        answer = hr.post("/Users/.search", {"schemas": [SEARCH], "filter": filter_})
        assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


PRIVILEGES: dict[str, Any] = {
    "is_staff": True,
    "is_superuser": True,
    "isSuperuser": True,
    "kind": "operator",
    "user_permissions": [1],
    "tenant": "x",
    "date_joined": "2020-01-01",
    "default_origin": "admin",
    "sessionEpoch": 5,
    "user.is_superuser": True,
}


def assert_plain(pk: str) -> None:
    user = User.objects.get(pk=pk)
    assert (user.is_superuser, user.kind, user.is_staff) == (False, "person", False)
    assert user.default_origin.startswith("scim:")
    assert user.session_epoch == 0
    assert not user.has_usable_password()
    assert not user.user_permissions.exists()
    assert not user.groups.exists()


def test_nothing_in_a_payload_reaches_privilege(hr: Service, entra: Service) -> None:
    for name, value in PRIVILEGES.items():
        assert hr.post("/Users", {"schemas": [USER], "userName": "x", name: value}).status == 400, name
    meta = {"meta": {"resourceType": "Group"}, "id": "x", "groups": [{"value": "x"}], "password": "Correct-Horse-9"}
    created = entra.create_user("anna", **PRIVILEGES, **meta)
    assert_plain(created["id"])
    path = f"/Users/{created['id']}"
    entra.put(path, {"schemas": [USER], "userName": "anna", **PRIVILEGES, **meta})
    for name, value in PRIVILEGES.items():
        assert entra.patch(path, {"op": "replace", "path": name, "value": value}).status in (200, 400)
    assert entra.patch(path, {"op": "replace", "value": PRIVILEGES}).status == 200
    for name in ("id", "meta", "groups", "meta.created", f"{ENTERPRISE}:manager.displayName"):
        assert entra.patch(path, {"op": "replace", "path": name, "value": "x"}).status == 400, name
    assert_plain(created["id"])


def test_a_patch_of_every_wrong_shape_is_refused(hr: Service) -> None:
    path = f"/Users/{hr.create_user('anna')['id']}"
    for operations in (
        [],
        [{}],
        [{"op": "move", "path": "title", "value": "x"}],
        [{"op": "remove"}],
        [{"op": "add", "path": "title"}],
        [{"op": "replace", "path": "active", "value": "False"}],
        [{"op": "replace", "path": "userName", "value": {"a": 1}}],
        [{"op": "replace", "path": "emails[", "value": "x"}],
        [{"op": "replace", "path": 'emails[type eq "x"', "value": "x"}],
        [{"op": "replace", "path": "title", "value": "x" * 10_000}],
        [{"op": "replace", "path": 5, "value": "x"}],
        [{"op": "replace", "value": "x"}],
        ["x"],
        [{"op": "remove", "path": "emails", "value": [{"value": "x"}]}],
    ):
        answer = hr.request("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations})
        assert answer.status == 400, operations
    assert hr.request("PATCH", path, {"schemas": [PATCH_OP], "Operations": "x"}).status == 400
    assert hr.request("PATCH", path, {"schemas": [PATCH_OP]}).status == 400


def test_strange_ids_and_parameters_are_refused_politely(hr: Service) -> None:
    for pk in ("1", "0", "x" * 2000, "%00", "%F0%9F%98%80", quote("' OR 1=1 --"), "00000000000000000000000000000000"):
        assert hr.get(f"/Users/{pk}").status == 404
        assert hr.get(f"/Groups/{pk}").status == 404
    for query in (
        "sortBy=%00",
        "sortBy=emails%5B",
        "attributes=%00",
        "startIndex=1e9",
        "count=x",
        "sortOrder=up",
        "filter=%00",
    ):
        assert hr.get(f"/Users?{query}").status == 400, query
    assert hr.get("/Users?startIndex=99999999999999999999").body["totalResults"] == 0


def test_too_many_requests_are_429(hr: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "RATE_REQUESTS", 3)
    # Six and a half seconds before the next window.
    monkeypatch.setattr(throttling, "time", SimpleNamespace(time=lambda: 100 * limits.RATE_SECONDS - 6.5))
    answers = [hr.get("/Users") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"] == "7"


def test_a_refusal_says_what_is_wrong_and_where(hr: Service, other: Service) -> None:
    boss, mine = other.create_user("boss"), hr.create_user("mine")
    path = f"/Users/{mine['id']}"
    update_user(User.objects.get(pk=mine["id"]), actor=other.actor, changes={"title": "Queen"})
    extension = {ENTERPRISE: {"manager": {"value": boss["id"]}}}
    for answer, words in (
        (hr.post("/Users", {"schemas": [USER], "userName": "BOSS"}), ["userName", "taken"]),
        (hr.post("/Groups", {"schemas": [GROUP], "displayName": "a\nb"}), ["displayName", "U+000A"]),
        (hr.post("/Users", {"schemas": [USER], "userName": "a\tb"}), ["userName", "U+0009"]),
        (hr.post("/Users", {"schemas": [USER], "userName": "x", **extension}), [f"{ENTERPRISE}:manager", boss["id"]]),
        (hr.post("/Users", {"schemas": [USER], "userName": 1, "title": []}), ["userName", "title"]),
        (hr.patch(path, {"op": "replace", "path": "name", "value": {"givenName": 1}}), ["givenName"]),
        (hr.patch(path, {"op": "replace", "path": "title", "value": "x"}), ["title", "another source"]),
        (hr.get("/Users?attributes=name."), ["name."]),
    ):
        assert all(word in answer.body["detail"] for word in words), answer.body
        assert not any(word in answer.body["detail"] for word in ("pydantic", "validation error", str(other.client.pk)))


def test_what_fails_before_a_view_is_a_scim_error_too(hr: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hr.get("/Users", Host="elsewhere.example").status == 400

    def broken(*args: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(SecurityMiddleware, "process_request", broken)
    answer = hr.get("/Users")
    assert answer.status == 500
    assert "secret" not in str(answer.body)


def test_a_defect_is_a_500_in_scim_form_without_details(hr: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("identities.scim.endpoints.index_page", broken)
    answer = hr.get("/Users")
    assert answer.status == 500
    assert "secret" not in str(answer.body)


def test_a_database_that_is_away_asks_for_patience(hr: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("secret detail")

    monkeypatch.setattr("identities.scim.endpoints.index_page", away)
    answer = hr.get("/Users")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "secret" not in str(answer.body)


def test_the_request_log_has_no_payload_and_no_token(hr: Service) -> None:
    hr.create_user("anna", password="Correct-Horse-9", title="Very Secret Title")
    lines = [str(vars(line)) for line in ClientRequest.objects.all()]
    assert lines
    assert not any(word in line for line in lines for word in (hr.token, "Correct-Horse", "Very Secret"))


def test_the_service_describes_itself(hr: Service) -> None:
    config = hr.get("/ServiceProviderConfig").body
    assert config["patch"] == {"supported": True}
    assert config["bulk"]["supported"] is True
    assert config["filter"] == {"supported": True, "maxResults": limits.PAGE_LARGEST}
    schemas = {each["id"]: each for each in hr.get("/Schemas").resources}
    (password,) = (each for each in schemas[USER]["attributes"] if each["name"] == "password")
    assert (password["mutability"], password["returned"]) == ("readOnly", "never")
    types = {each["id"]: each for each in hr.get("/ResourceTypes").resources}
    assert {each["schema"] for each in types["User"]["schemaExtensions"]} == {
        name for name in schemas if "extension" in name
    }


@pytest.mark.parametrize("path", ["/Users", "/Me", "/Schemas", "/Nothing", ""])
def test_too_many_parameters_are_a_bad_request(hr: Service, path: str) -> None:
    answer = hr.get(f"{path}?" + "&".join(f"p{number}=1" for number in range(1500)))
    assert 400 <= answer.status < 500
