"""Versions, methods, media types and refusals."""

from typing import Any

import pytest

from identities.vocabulary import ClientScope
from tests.identities.scim.service import USER, Service, new_service

ANNA = {"schemas": [USER], "userName": "anna"}


@pytest.fixture
def anna(hr: Service) -> tuple[str, str]:
    """Her address and version."""
    created = hr.create_user("anna")
    return f"/Users/{created['id']}", created["meta"]["version"]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("{tag}", True),
        ("*", True),
        ('"x", {tag}', True),
        ('"a,b",{tag}', True),
        ('W/"x"', False),
        ("nonsense", False),
        ('"*"', False),
    ],
)
def test_versions_in_headers(hr: Service, anna: tuple[str, str], header: str, named: bool) -> None:
    address, tag = anna
    for spelt in (header.format(tag=tag), header.format(tag=tag.removeprefix("W/"))):
        known, wanted = {"If-None-Match": spelt}, {"If-Match": spelt}
        assert hr.get(address, **known).status == (304 if named else 200)
        assert hr.raw("HEAD", address, **known).status_code == (304 if named else 200)
        assert hr.get(address, **wanted).status == (200 if named else 412)
        assert hr.put(address, ANNA, **wanted).status == (200 if named else 412)
        assert hr.put(address, ANNA, **known).status == (412 if named else 200)
        if not named:
            assert hr.delete(address, **wanted).status == 412
    assert hr.get("/Users/00000000-0000-0000-0000-000000000000", **{"If-Match": "*"}).status == 404


def test_a_304_names_the_version_and_a_group_has_one_of_its_members(hr: Service, anna: tuple[str, str]) -> None:
    group = hr.create_group("Guides")
    address, before = f"/Groups/{group['id']}", group["meta"]["version"]
    unchanged = hr.get(address, **{"If-None-Match": before})
    assert (unchanged.status, unchanged.headers["ETag"]) == (304, before)
    member = {"op": "add", "path": "members", "value": [{"value": anna[0].rpartition("/")[2]}]}
    assert hr.patch(address, member, **{"If-Match": before}).status == 204
    assert hr.patch(address, member, **{"If-Match": before}).status == 412
    assert hr.get(address, **{"If-None-Match": before}).status == 200


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/Users", "GET, POST, HEAD, OPTIONS"),
        ("/Users/{id}", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/.search", "POST, OPTIONS"),
        ("/Schemas", "GET, HEAD, OPTIONS"),
        ("", "GET, HEAD, OPTIONS"),
    ],
)
def test_methods(hr: Service, anna: tuple[str, str], address: str, allowed: str) -> None:
    address = address.format(id=anna[0].rpartition("/")[2])
    options = hr.request("OPTIONS", address)
    assert (options.status, options.headers["Allow"]) == (204, allowed)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - set(allowed.split(", ")):
        refused = hr.request(method, address)
        assert (refused.status, refused.headers["Allow"]) == (405, allowed), method
    if "HEAD" in allowed:
        head, get = hr.raw("HEAD", address), hr.raw("GET", address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(get.content))
        assert head.headers.get("ETag") == get.headers.get("ETag")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_where_nothing_is(hr: Service, method: str) -> None:
    assert hr.raw(method, "/Nothing").status_code == 404


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/scim+json", "application/scim+json"),
        ("application/json", "application/json"),
        ("*/*", "application/scim+json"),
        ("", "application/scim+json"),
        ("application/*", "application/scim+json"),
        ("APPLICATION/JSON; charset=utf-8", "application/json"),
        ("application/scim+json;q=0.1, application/json", "application/json"),
        ("application/scim+json;q=0, */*", "application/json"),
        ("text/html, */*;q=0.1", "application/scim+json"),
        ("text/html", None),
        ("application/scim+json;q=0", None),
        ("application/json;q=much", None),
        ("nonsense", None),
    ],
)
def test_what_a_client_takes(hr: Service, accept: str, answered: str | None) -> None:
    answer = hr.raw("GET", "/Users", Accept=accept)
    assert answer.status_code == (200 if answered else 406)
    assert answer.headers["Content-Type"] == (answered or "application/scim+json")
    # Nothing is written for an answer that could not be given.
    created = hr.raw("POST", "/Users", ANNA, Accept=accept)
    assert created.status_code == (201 if answered else 406)
    assert hr.find('userName eq "anna"').body["totalResults"] == (1 if answered else 0)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/scim+json", 201),
        ("application/json", 201),
        ("Application/SCIM+JSON; charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
def test_what_the_service_takes(hr: Service, content_type: str, status: int) -> None:
    assert hr.post("/Users", ANNA, **{"Content-Type": content_type}).status == status


def test_every_refusal_has_the_same_form(hr: Service, anna: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    reader = new_service("reader", scopes=(ClientScope.READ,))

    def refused(service: Service, method: str, address: str, body: Any = None, **headers: str) -> Any:
        answer = service.request(method, address, body, **headers)
        return answer.status, answer.body.get("scimType")

    assert refused(hr, "POST", "/Users", ANNA) == (409, "uniqueness")
    assert refused(hr, "POST", "/Users", {"schemas": [USER]}) == (400, "invalidValue")
    assert refused(hr, "POST", "/Users", b"{") == (400, "invalidSyntax")
    assert refused(hr, "GET", "/Users?filter=x") == (400, "invalidFilter")
    assert refused(hr, "GET", "/Users?sortBy=x") == (400, "invalidPath")
    assert refused(hr, "GET", "/Users?cursor=x") == (400, "invalidCursor")
    assert refused(hr, "GET", "/Users", Authorization="Bearer x") == (401, None)
    assert refused(reader, "POST", "/Users", ANNA) == (403, None)
    assert "write_users" in reader.post("/Users", ANNA).body["detail"]
    assert refused(hr, "GET", "/Schemas?filter=x") == (403, None)
    assert refused(hr, "GET", "/Users/x") == (404, None)
    assert refused(hr, "POST", "/Users", b'"' + b"x" * 4 * 1024 * 1024 + b'"') == (413, None)
    monkeypatch.setattr("identities.scim.callers.throttling.RATE_REQUESTS", 0)
    limited = [hr.get("/Users") for _ in range(2)][-1]
    assert limited.status == 429
    assert limited.headers["Retry-After"].isdecimal()
    monkeypatch.undo()
    monkeypatch.setattr("identities.scim.endpoints.index_page", None)
    assert refused(hr, "GET", "/Users") == (500, None)
