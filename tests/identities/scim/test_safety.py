"""What a client must never manage, by whichever way it tries, and what it brings about at once."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from identities.actions.credentials import set_password
from identities.actions.lifecycle import restore_user
from identities.actions.users import update_user
from identities.actors import command_actor
from identities.errors import Conflict
from identities.models import User
from identities.scim.limits import PATH_LENGTH, PATHS_LENGTH
from tests.factories import PASSWORD
from tests.identities.scim.service import ENTERPRISE, GROUP, PATCH_OP, USER, Service
from tests.selfservice.people import is_in, signed_in
from tests.timing import answered_within

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

pytestmark = pytest.mark.django_db


def alone(service: Service, method: str, path: str, data: Any) -> int:
    return int(service.raw(method, path, data).status_code)


def in_bulk(service: Service, method: str, path: str, data: Any) -> int:
    operation = {"method": method, "path": path, "bulkId": "x", **({"data": data} if data else {})}
    answer = service.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [operation]})
    return int(answer.body["Operations"][0]["status"])


@pytest.mark.parametrize("send", [alone, in_bulk])
def test_no_account_is_taken_over_by_naming_it(hr: Service, other: Service, send: Any) -> None:
    email = {"emails": [{"value": "victim@example.com", "primary": True}]}
    victim = other.create_user("victim", externalId="V1", **email)
    person = User.objects.get(pk=victim["id"])
    EmailAddress.objects.create(user=person, email="victim@example.com", verified=True, primary=True)
    mine = hr.create_user("mine")["id"]
    theirs, own = f"/Users/{victim['id']}", f"/Users/{mine}"
    named = {"schemas": [USER], "userName": "VICTIM"}
    for method, path, data, status in (
        ("POST", "/Users", {**named, "id": victim["id"], "externalId": "V1", **email}, 409),
        ("PUT", own, named, 409),
        ("PATCH", own, patch("replace", "userName", value="victim"), 409),
        ("PATCH", own, patch("replace", "id", value=victim["id"]), 400),
        ("PUT", theirs, {"schemas": [USER], "userName": "mine2"}, 404),
        ("PATCH", theirs, patch("replace", "active", value=False), 404),
        ("DELETE", theirs, None, 404),
        ("POST", "/Groups", {"schemas": [GROUP], "displayName": "G", "members": [{"value": victim["id"]}]}, 400),
        ("PATCH", own, patch("add", f"{ENTERPRISE}:manager", value={"value": victim["id"]}), 400),
    ):
        assert send(hr, method, path, data) == status, (method, path, data)
    namesake = {"schemas": [USER], "userName": "namesake", "id": victim["id"], "externalId": "V1", **email}
    assert send(hr, "POST", "/Users", namesake) == 201
    assert send(hr, "PATCH", own, patch("add", "emails", value=email["emails"])) == 200
    assert hr.get(theirs).status == 404
    assert other.get(theirs).body == victim
    assert list(EmailAddress.objects.values_list("user__user_name", "email")) == [("victim", "victim@example.com")]


@pytest.mark.parametrize("send", [alone, in_bulk])
@pytest.mark.parametrize(("method", "deactivates"), [("PATCH", True), ("PUT", True), ("DELETE", False)])
def test_sessions_end_with_the_request_that_ends_a_person(
    hr: Service, send: Any, method: str, deactivates: bool
) -> None:
    path = f"/Users/{hr.create_user('anna')['id']}"
    browser = signed_in(set_password(User.objects.get(user_name="anna"), PASSWORD, actor=command_actor()))
    assert is_in(browser)
    data = {
        "PATCH": patch("replace", "active", value=False),
        "PUT": {"schemas": [USER], "userName": "anna", "active": False},
    }
    assert send(hr, method, path, data.get(method)) < 300
    assert not is_in(browser)
    if deactivates:
        assert hr.get(path).body["active"] is False
        assert send(hr, "PATCH", path, patch("replace", "active", value=True)) == 200
        assert not is_in(browser), "a session that ended stays so"


@pytest.mark.parametrize("send", [alone, in_bulk])
def test_who_was_deleted_is_gone_at_once_and_restorable_while_the_name_is_free(hr: Service, send: Any) -> None:
    first = hr.create_user("anna", externalId="A1")
    assert send(hr, "DELETE", f"/Users/{first['id']}", None) == 204
    for again in ("DELETE", "PATCH"):
        assert send(hr, again, f"/Users/{first['id']}", patch("add", "title", value="x")) == 404
    assert hr.get(f"/Users/{first['id']}").status == 404
    assert hr.find('userName eq "anna" or externalId eq "A1"').body["totalResults"] == 0
    second = hr.create_user("anna", externalId="A1")
    assert second["id"] != first["id"]
    with pytest.raises(Conflict):
        restore_user(User.objects.get(pk=first["id"]), actor=command_actor())
    update_user(User.objects.get(pk=second["id"]), actor=command_actor(), changes={"user_name": "anna2"})
    assert restore_user(User.objects.get(pk=first["id"]), actor=command_actor()).deleted_at is None


@pytest.mark.parametrize(
    ("name", "value"), [("filter", "x" * 1_000_000), ("sortBy", "x"), ("attributes", ["\x7f"]), ("count", {})]
)
@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search"])
def test_a_search_that_makes_no_sense_is_refused_quickly(hr: Service, path: str, name: str, value: Any) -> None:
    with answered_within(2):
        search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], name: value}
        assert hr.post(path, search).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"Operations": [], "operations": []}',
        b'{"Operations": [{"method": "POST", "path": "/Users\\u0000"}]}',
        b'{"Operations": [{"method": "POST", "data": {"x": 1e999}}]}',
        b'{"Operations": [{"method": "POST", "data": {"a": 1, "A": 2}}]}',
        b'{"Operations": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"Operations": [], "failOnErrors": 1.5}',
    ],
    ids=lambda body: body[:60],
)
def test_a_message_that_is_none_is_refused_before_it_is_read_further(hr: Service, body: bytes) -> None:
    with answered_within(2):
        assert hr.request("POST", "/Bulk", body).status == 400


def test_paths_that_take_long_to_understand_are_not_tried(hr: Service) -> None:
    user = hr.create_user("anna")["id"]
    group = hr.create_group("Group", user)["id"]
    long = " or ".join(["value pr"] * 100_000)
    many = [{"op": "remove", "path": "x" * PATH_LENGTH}] * (PATHS_LENGTH // PATH_LENGTH + 1)
    for path, attribute in ((f"/Users/{user}", "emails"), (f"/Groups/{group}", "members")):
        with answered_within(2):
            answer = hr.patch(path, {"op": "remove", "path": f"{attribute}[{long}]"})
            assert (answer.status, answer.body["scimType"]) == (400, "invalidPath")
            assert hr.patch(path, *many).status == 413


def test_many_unknown_attributes_are_passed_over_quickly(entra: Service) -> None:
    with answered_within(2):
        entra.create_user("anna", **{f"unknown{number}": 1 for number in range(5_000)})
    assert len(entra.notes) == 200


def patch(op: str, path: str, *, value: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [{"op": op, "path": path, "value": value}]}
