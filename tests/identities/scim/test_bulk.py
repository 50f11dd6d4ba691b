"""Bulk requests (RFC 7644 section 3.7)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.models import AuditEntry, ChangeEvent, Group, Membership, User
from identities.representation import UserAdapter
from identities.scim.bulk.operations import without
from identities.scim.limits import MEMBERS_PER_REQUEST, OPERATIONS
from identities.vocabulary import ClientScope
from tests.identities.scim.service import ENTERPRISE, GROUP, PATCH_OP, USER, Answer, Service, new_service
from tests.timing import answered_within

pytestmark = [pytest.mark.django_db, pytest.mark.database]

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def post_user(bulk_id: str, user_name: str, **more: Any) -> dict[str, Any]:
    data = {"schemas": [USER], "userName": user_name, **more}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def post_group(bulk_id: str, name: str, *members: str) -> dict[str, Any]:
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def patch(path: str, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": [*operations]}, **more}


def bulk(service: Service, *operations: Any, **more: Any) -> list[dict[str, Any]]:
    answer = send(service, *operations, **more)
    assert answer.status == 200, answer.body
    return list(answer.body["Operations"])


def send(service: Service, *operations: Any, **more: Any) -> Answer:
    return service.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [*operations], **more})


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


def members_of(name: str) -> set[str]:
    rows = Membership.objects.filter(group__display_name=name)
    return {str(user or group) for user, group in rows.values_list("user__user_name", "member_group__display_name")}


@pytest.fixture
def service() -> Service:
    return new_service()


def test_every_method_works_and_says_what_became_of_it(service: Service) -> None:
    old, gone = service.create_user("old"), service.create_user("gone")
    outcomes = bulk(
        service,
        post_user("new", "new", externalId="7"),
        {"method": "PUT", "path": f"/Users/{old['id']}", "data": {"schemas": [USER], "userName": "older"}},
        patch(f"/Users/{old['id']}", {"op": "add", "path": "title", "value": "Chief"}),
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
    )
    assert statuses(outcomes) == ["201", "200", "200", "204"]
    new = service.find('userName eq "new"').resources[0]
    assert outcomes[0] == {
        "method": "POST",
        "bulkId": "new",
        "location": new["meta"]["location"],
        "version": new["meta"]["version"],
        "status": "201",
    }
    assert new["externalId"] == "7"
    assert service.get(f"/Users/{old['id']}").body["title"] == "Chief"
    assert service.get(f"/Users/{gone['id']}").status == 404


def test_references_are_resolved_in_any_order(service: Service) -> None:
    outcomes = bulk(
        service,
        post_group("tour", "Tour", "bulkId:alice"),
        post_user("alice", "alice", **{ENTERPRISE: {"manager": {"value": "bulkId:boss"}}}),
        patch(
            "/Groups/bulkId:tour",
            {"op": "add", "path": "members", "value": [{"value": "bulkId:boss"}]},
            {"op": "remove", "path": 'members[value eq "bulkId:alice"]'},
        ),
        post_user("boss", "boss"),
    )
    assert statuses(outcomes) == ["201", "201", "200", "201"]
    assert User.objects.get(user_name="alice").manager == User.objects.get(user_name="boss")
    assert members_of("Tour") == {"boss"}


def test_the_circle_of_the_rfc_is_resolved_in_a_second_pass(service: Service) -> None:
    outcomes = bulk(
        service, post_group("qwerty", "Group A", "bulkId:ytrewq"), post_group("ytrewq", "Group B", "bulkId:qwerty")
    )
    assert statuses(outcomes) == ["201", "201"]
    assert members_of("Group A") == {"Group B"}
    assert members_of("Group B") == {"Group A"}


def test_circles_that_refer_to_circles_are_closed_one_after_the_other(service: Service) -> None:
    outcomes = bulk(
        service,
        post_group("a", "A", "bulkId:b", "bulkId:c", "bulkId:e"),
        post_group("b", "B", "bulkId:a"),
        patch("/Groups/bulkId:a", {"op": "remove", "path": 'members[value eq "bulkId:e"]'}, bulkId="a"),
        post_group("c", "C", "bulkId:d"),
        post_group("d", "D", "bulkId:c"),
        post_group("e", "E", "bulkId:d"),
    )
    assert statuses(outcomes) == ["201", "201", "200", "201", "201", "201"]
    held = {name: members_of(name) for name in "ABCDE"}
    assert held == {"A": {"B", "C"}, "B": {"A"}, "C": {"D"}, "D": {"C"}, "E": {"D"}}


def test_many_members_of_a_circle_are_told_apart_in_one_go() -> None:
    members = [{"value": f"bulkId:{number % 2}", "display": str(number)} for number in range(20_000)]
    with answered_within(2):
        kept, taken = without({"displayName": "A", "members": members}, frozenset({"1"}))
    assert kept == {"displayName": "A", "members": members[::2]}
    assert taken == [("members", members[1::2])]


def test_a_circle_that_cannot_be_closed_leaves_nothing(service: Service) -> None:
    outcomes = bulk(
        service,
        post_user("a", "a", **{ENTERPRISE: {"manager": {"value": "bulkId:b"}}}),
        post_user("b", "b", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}),
        post_user("c", "c", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}),
        post_user("d", "d"),
    )
    assert statuses(outcomes)[2:] == ["409", "201"]
    assert "409" in statuses(outcomes)[:2]
    assert set(User.objects.persons().values_list("user_name", flat=True)) == {"d"}


def test_a_refused_operation_spoils_no_other(service: Service) -> None:
    service.create_user("taken")
    outcomes = bulk(
        service,
        post_user("1", "first"),
        post_user("2", "taken"),
        post_user("3", "FIRST"),
        post_user("4", "", title="nameless"),
        post_user("5", "fifth", externalId="x" * 300),
        post_user("6", "sixth", **{ENTERPRISE: {"manager": {"value": "bulkId:2"}}}),
        post_user("7", "seventh", **{ENTERPRISE: {"manager": {"value": "bulkId:nobody"}}}),
        post_user("8", "eighth"),
    )
    assert statuses(outcomes) == ["201", "409", "409", "400", "400", "409", "409", "201"]
    assert outcomes[1]["response"]["scimType"] == "uniqueness"
    assert set(User.objects.persons().values_list("user_name", flat=True)) == {"first", "eighth", "taken"}
    assert ChangeEvent.objects.filter(kind="user.created").count() == 3


@pytest.mark.parametrize(
    "operation",
    [
        "text",
        {},
        {"method": "GET", "path": "/Users"},
        {"method": "POST", "path": "/Users", "data": {"userName": "x"}},
        {"method": "POST", "path": "/Users/7", "bulkId": "x", "data": {"userName": "x"}},
        {"method": "POST", "path": "/Bulk", "bulkId": "x", "data": {}},
        {"method": "POST", "path": "/Users", "bulkId": "x"},
        {"method": "PUT", "path": "/Users", "data": {"userName": "x"}},
        {"method": "PATCH", "path": "/Groups/7/members", "data": {}},
        {"method": 7, "path": ["/Users"], "bulkId": {}},
    ],
    ids=str,
)
def test_an_operation_that_makes_no_sense_is_refused_alone(service: Service, operation: Any) -> None:
    outcomes = bulk(service, operation, post_user("new", "new"))
    assert statuses(outcomes) == ["400", "201"]


@pytest.mark.parametrize("path", ["/Users/7", "/Users/00000000-0000-0000-0000-000000000000", "/Groups/7"])
def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    assert statuses(bulk(service, {"method": "DELETE", "path": path})) == ["404"]


def test_an_id_is_taken_in_its_one_spelling_only(service: Service) -> None:
    pk = service.create_user("anna")["id"]
    for spelling in (f"urn:uuid:{pk}", f"{{{pk}}}", pk.upper(), pk.replace("-", "")):
        assert statuses(bulk(service, {"method": "DELETE", "path": f"/Users/{spelling}"})) == ["404"]


def test_a_name_used_twice_is_refused_the_second_time(service: Service) -> None:
    assert statuses(bulk(service, post_user("x", "one"), post_user("x", "two"))) == ["201", "400"]


def test_as_many_errors_as_accepted_end_it(service: Service) -> None:
    service.create_user("taken")
    operations = [post_user("1", "one"), post_user("2", "taken"), post_user("3", "three"), post_user("4", "taken")]
    assert statuses(bulk(service, *operations, failOnErrors=1)) == ["201", "409"]
    assert not User.objects.filter(user_name="three").exists()
    assert AuditEntry.objects.filter(verb="user.created").count() == 2
    again = bulk(service, *operations, {"method": "DELETE", "path": "/Users/7"}, failOnErrors=3)
    assert statuses(again) == ["409", "409", "201", "409"]


def test_versions_are_heeded(service: Service) -> None:
    user = service.create_user("anna")
    service.patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "x"})
    late = patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "y"}, version=user["meta"]["version"])
    assert statuses(bulk(service, late)) == ["412"]


def test_each_operation_needs_the_scope_of_its_type() -> None:
    service = new_service(scopes=(ClientScope.READ, ClientScope.WRITE_USERS))
    outcomes = bulk(service, post_user("1", "one"), post_group("2", "Two"))
    assert statuses(outcomes) == ["201", "403"]
    reader = new_service("reader", scopes=(ClientScope.READ,))
    [outcome] = bulk(reader, post_user("1", "two"))
    assert (outcome["status"], "write_users" in outcome["response"]["detail"]) == ("403", True)


def test_nobody_else_s_people_are_reached(service: Service) -> None:
    user = new_service("other").create_user("theirs")
    outcomes = bulk(
        service, patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "x"}), post_user("1", "theirs")
    )
    assert statuses(outcomes) == ["404", "409"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Operations": {}},
        {"Operations": [], "failOnErrors": 0},
        {"Operations": [], "failOnErrors": 1.5},
        {"Operations": [], "schemas": [PATCH_OP]},
    ],
)
def test_a_message_that_is_none_is_refused(service: Service, body: dict[str, Any]) -> None:
    assert service.post("/Bulk", {"schemas": [BULK_REQUEST], **body}).status == 400


def test_too_many_operations_are_refused(service: Service) -> None:
    answer = send(service, *[post_user(str(number), f"u{number}") for number in range(OPERATIONS + 1)])
    assert answer.status == 413
    config = service.get("/ServiceProviderConfig").body["bulk"]
    assert config == {"supported": True, "maxOperations": OPERATIONS, "maxPayloadSize": 4 * 1024 * 1024}


def test_too_many_members_of_all_operations_together_are_refused(service: Service) -> None:
    half = [post_group(name, name, *["nobody"] * (MEMBERS_PER_REQUEST // 2)) for name in ("one", "two")]
    assert send(service, *half, post_group("three", "three", "nobody")).status == 413
    assert send(service, *half).status == 200


def test_people_are_created_in_few_statements(service: Service, django_assert_max_num_queries: Any) -> None:
    # SQLite takes so many values in a statement: 200 people are some statements more than one.
    with django_assert_max_num_queries(60):
        outcomes = bulk(service, *[post_user(str(number), f"u{number}") for number in range(200)])
    assert set(statuses(outcomes)) == {"201"}


def adding(group: str, member: str) -> dict[str, Any]:
    return patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": member}]})


def test_members_who_are_added_one_by_one_are_added_together(service: Service) -> None:
    people = [each["location"].rpartition("/")[2] for each in bulk(service, *[post_user(n, n) for n in "abcdefgh"])]
    one, two = service.create_group("One")["id"], service.create_group("Two")["id"]
    costs = []
    for some in (people[:1], people[1:]):
        with CaptureQueriesContext(connection) as queries:
            outcomes = bulk(service, *[adding(group, person) for person in some for group in (one, two)])
        assert set(statuses(outcomes)) == {"200"}
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert members_of("One") == members_of("Two") == set("abcdefgh")
    assert outcomes[-1]["version"] == service.get(f"/Groups/{two}").body["meta"]["version"]


def test_an_addition_that_is_refused_is_refused_alone(service: Service) -> None:
    anna, ben = service.create_user("anna")["id"], service.create_user("ben")["id"]
    group, other = service.create_group("Group")["id"], service.create_group("Other")["id"]
    operations = [adding(group, anna), adding(group, group), adding(group, ben), adding(other, ben)]
    assert statuses(bulk(service, *operations, failOnErrors=1)) == ["200", "400"]
    assert (members_of("Group"), members_of("Other")) == ({"anna"}, set())
    assert statuses(bulk(service, *operations)) == ["200", "400", "200", "200"]
    assert (members_of("Group"), members_of("Other")) == ({"anna", "ben"}, {"ben"})


def test_who_brings_a_defect_about_spoils_nobody_elses_creation(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    understand = UserAdapter.from_dict

    def broken(adapter: UserAdapter, form: dict[str, Any]) -> Any:
        if form["userName"] == "bad":
            raise ZeroDivisionError
        return understand(adapter, form)

    monkeypatch.setattr(UserAdapter, "from_dict", broken)
    assert statuses(bulk(service, *[post_user(name, name) for name in ("one", "bad", "two")])) == ["201", "500", "201"]


def test_a_defect_is_told_on_its_operation(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("identities.scim.writing.groups.create_group", broken)
    assert statuses(bulk(service, post_group("1", "One"), post_user("2", "two"))) == ["500", "201"]
    assert not Group.objects.exists()
