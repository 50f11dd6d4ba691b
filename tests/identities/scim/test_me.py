"""`/Me`: a person's own record, by session or by a token that is good for nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from identities.actions.credentials import issue_one_time_password, set_password
from identities.actions.lifecycle import suspend_user
from identities.actions.memberships import add_members
from identities.actions.person_tokens import PERSON_TOKEN_DAYS, issue_person_token, revoke_person_token
from identities.actions.users import update_user
from identities.actors import command_actor, self_actor
from identities.errors import NotPermitted, RuleViolation
from identities.models import AuditEntry, User
from tests.factories import PASSWORD, make_group, make_operator, make_person
from tests.identities.scim.service import BASE, ENTERPRISE, PORTAL, USER, Answer, Service

pytestmark = pytest.mark.django_db


def token_for(person: User) -> str:
    return issue_person_token(person, actor=self_actor(person.pk, person.user_name), name="my watch")


@dataclass
class Own(Service):
    """A person with a token."""

    def get_own(self) -> Answer:
        return self.get("/Me")


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna", title="Guide", emails=[{"value": "anna@example.com", "type": "work"}])


@pytest.fixture
def own(anna: User, hr: Service) -> Own:
    """Anna with a token of her own; what is published is read by a client."""
    service = Own(hr.client, token_for(anna))
    service.published = hr.published
    return service


def test_a_person_reads_the_own_record(own: Own, anna: User) -> None:
    boss = make_person("boss", display_name="Boss")
    update_user(anna, actor=command_actor(), changes={"manager": boss})
    add_members(make_group("Guides"), [anna], actor=command_actor())
    answer = own.get_own()
    assert answer.status == 200
    assert answer.body["userName"] == "anna"
    assert answer.body[ENTERPRISE]["manager"]["displayName"] == "Boss"
    assert [group["display"] for group in answer.body["groups"]] == ["Guides"]
    assert answer.body["meta"]["location"].endswith(f"/Users/{anna.pk}")
    assert answer.headers["Content-Location"] == answer.body["meta"]["location"]
    assert own.get("/Me", **{"If-None-Match": answer.headers["ETag"]}).status == 304
    some = own.get(f"/Me?attributes=userName,{PORTAL}:state")
    assert set(some.body) == {"schemas", "id", "userName", PORTAL}


def test_a_person_changes_what_is_personal_and_nobody_elses(own: Own, anna: User) -> None:
    changed = own.patch(
        "/Me",
        {"op": "add", "path": "nickName", "value": "Annie"},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "mobile", "primary": True}]},
    )
    assert (changed.status, changed.body["nickName"]) == (200, "Annie")
    assert User.objects.get(pk=anna.pk).owners["nick_name"] == "self"
    entry = AuditEntry.objects.filter(subject_id=str(anna.pk)).latest("pk")
    assert (entry.actor_id, entry.channel) == (anna.pk, "scim")
    update_user(anna, actor=command_actor(), changes={"locale": "de"})
    refused = own.patch("/Me", {"op": "replace", "path": "locale", "value": "en"})
    assert (refused.status, refused.body["scimType"]) == (400, "mutability")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userName", "root"),
        ("active", False),
        ("externalId", "x"),
        ("title", "Boss"),
        ("userType", "Boss"),
        (f"{ENTERPRISE}:department", "Board"),
        (f"{PORTAL}:endDate", "2999-12-31"),
        ("roles", [{"value": "admin"}]),
        ("entitlements", [{"value": "everything"}]),
        ("emails", [{"value": "boss@example.com"}]),
    ],
)
def test_what_is_not_personal_stays_though_nobody_owns_it(own: Own, path: str, value: Any) -> None:
    before = own.get_own().body
    nick = {"op": "add", "path": "nickName", "value": "x"}
    refused = own.patch("/Me", nick, {"op": "replace", "path": path, "value": value})
    assert (refused.status, refused.body["scimType"]) == (400, "mutability")
    schema, _, name = path.rpartition(":")
    whole = {"schemas": [USER], "userName": "anna", "title": "Guide"}
    put = own.put("/Me", whole | ({schema: {name: value}} if schema else {name: value}))
    assert put.status == 200, put.body
    assert own.get_own().body == before


def test_a_put_clears_what_is_the_persons_own(own: Own) -> None:
    whole = {"schemas": [USER], "userName": "anna"}
    assert own.put("/Me", whole | {"nickName": "Annie"}).body["nickName"] == "Annie"
    cleared = own.put("/Me", whole)
    assert "nickName" not in cleared.body
    assert (cleared.body["title"], cleared.body["emails"][0]["value"]) == ("Guide", "anna@example.com")
    stale = own.put("/Me", whole, **{"If-Match": 'W/"1"'})
    assert stale.status == 412
    assert own.put("/Me", {"schemas": [USER]}).status == 400


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nobody_is_created_or_deleted_at_me(own: Own, method: str) -> None:
    assert own.request(method, "/Me", {"schemas": [USER], "userName": "x"}).status == 501
    assert method not in own.request("OPTIONS", "/Me").headers["Allow"]


def test_a_persons_token_is_good_for_nothing_else_and_a_clients_not_for_this(own: Own, hr: Service) -> None:
    for path in ("/Users", "/Groups", "/Schemas", "/ServiceProviderConfig", "", "/.search"):
        assert own.get(path).status == 401, path
    refused = hr.get("/Me")
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="SCIM"')
    assert own.http.get("/", headers={"Authorization": f"Bearer {own.token}"}).status_code == 302


def test_a_token_ends(own: Own, anna: User) -> None:
    assert own.get_own().status == 200
    with time_machine.travel(timezone.now() + timedelta(days=PERSON_TOKEN_DAYS, seconds=1)):
        assert own.get_own().status == 401
    set_password(anna, PASSWORD, actor=command_actor())
    assert own.get_own().status == 401
    own.token = token_for(anna)
    assert own.get_own().status == 200
    revoke_person_token(anna.person_tokens.first(), actor=command_actor())
    assert own.get_own().status == 401
    own.token = token_for(anna)
    suspend_user(anna, actor=command_actor())
    assert own.get_own().status == 401
    assert Own(own.client, "nonsense").get_own().status == 401


def test_who_gets_a_token(anna: User) -> None:
    operator = make_operator()
    with pytest.raises(NotPermitted):
        token_for(operator)
    with pytest.raises(NotPermitted):
        issue_person_token(anna, actor=command_actor(), name="somebody else's doing")
    for _ in range(5):
        token_for(anna)
    with pytest.raises(RuleViolation, match="Revoke one"):
        token_for(anna)


def test_a_session_needs_the_form_token_to_change_something(anna: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(f"{BASE}/Me").status_code == 401
    browser.force_login(anna)
    assert browser.get(f"{BASE}/Me").json()["userName"] == "anna"
    body = {"schemas": [USER], "userName": "anna", "nickName": "Annie"}
    refused = browser.put(f"{BASE}/Me", body, content_type="application/json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/scim+json")
    browser.get("/accounts/logout/")
    token = browser.cookies["csrftoken"].value
    put = browser.put(f"{BASE}/Me", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert (put.status_code, put.json()["nickName"]) == (200, "Annie")
    # A session opens nothing else.
    assert browser.get(f"{BASE}/Users").status_code == 401


def test_operators_and_people_with_a_one_time_password_are_not_let_in(anna: User) -> None:
    browser = Client()
    browser.force_login(make_operator())
    assert browser.get(f"{BASE}/Me").status_code == 403
    issue_one_time_password(anna, actor=command_actor())
    browser.force_login(User.objects.get(pk=anna.pk))
    assert browser.get(f"{BASE}/Me").status_code == 403


def test_how_often_a_person_may_ask(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identities.scim.callers.throttling.PERSON_REQUESTS", 1)
    with time_machine.travel(timezone.now(), tick=False):
        assert own.get_own().status == 200
        limited = own.get_own()
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) >= 1


def test_how_many_statements_it_takes(own: Own, django_assert_max_num_queries: Any) -> None:
    own.get_own()
    with django_assert_max_num_queries(4):  # token, person, groups, (managers)
        assert own.get_own().status == 200
