"""Who sees whom: each client its own people, nobody the operators; and adoption."""

from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail

from identities.actions.administrators import create_operator
from identities.actions.memberships import add_members
from identities.actions.users import UserAttributes, create_user, update_user
from identities.actors import command_actor
from identities.models import AuditEntry, Group, User
from identities.vocabulary import AdoptionRule, Role
from tests.identities.scim.service import ENTERPRISE, GROUP, SEARCH, USER, Service, new_service


def names(service: Service, query: str) -> set[str]:
    answer = service.get(f"/Users?{query}")
    assert answer.status == 200, answer.body
    assert answer.body["totalResults"] == len(answer.resources)
    return {each["userName"] for each in answer.resources}


@pytest.mark.parametrize(
    "filter_",
    [
        'userName eq "victim" or userName eq "x"',
        'not (userName eq "mine")',
        "id pr or userName pr",
        '(userName eq "victim") or ((title pr or not (title pr)) and userName pr)',
        'emails[type eq "work"] or not (emails[type eq "work"])',
        'externalId eq "V1" or externalId pr',
        "active eq true or active eq false",
    ],
)
def test_no_filter_escapes_the_restriction(hr: Service, other: Service, filter_: str) -> None:
    other.create_user("victim", externalId="V1")
    hr.create_user("mine")
    assert names(hr, f"filter={quote(filter_)}") <= {"mine"}
    assert names(hr, f"filter={quote(filter_)}&sortBy=userName&excludedAttributes=emails") <= {"mine"}
    found = hr.post("/.search", {"schemas": [SEARCH], "filter": filter_})
    assert {each["userName"] for each in found.resources} <= {"mine"}


def test_other_peoples_resources_do_not_exist_for_a_client(hr: Service, other: Service) -> None:
    victim = other.create_user("victim", emails=[{"value": "victim@example.com"}])
    group = other.create_group("Theirs", victim["id"])
    for path in (f"/Users/{victim['id']}", f"/Groups/{group['id']}"):
        assert hr.get(path).status == 404
        assert hr.delete(path).status == 404
        assert hr.patch(path, {"op": "replace", "path": "displayName", "value": "owned"}).status == 404
        schema, name = (USER, "userName") if "Users" in path else (GROUP, "displayName")
        assert hr.put(path, {"schemas": [schema], name: "x"}).status == 404
    assert other.get(f"/Users/{victim['id']}").body == victim | {
        "groups": other.get(f"/Users/{victim['id']}").body["groups"]
    }
    assert mail.outbox == []


def test_operators_are_never_visible(hr: Service) -> None:
    create_operator("root", "Correct-Horse-9", Role.SUPERUSER, actor=command_actor())
    root = User.objects.get(user_name="root")
    adopting = new_service("adopting", adoption_rule=AdoptionRule.USER_NAME)
    for service in (hr, adopting):
        assert names(service, "filter=" + quote('userName eq "root"')) == set()
        assert service.get(f"/Users/{root.pk}").status == 404
        assert service.patch(f"/Users/{root.pk}", {"op": "replace", "path": "title", "value": "x"}).status == 404
        assert service.delete(f"/Users/{root.pk}").status == 404
        answer = service.post("/Users", {"schemas": [USER], "userName": "ROOT"})
        assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
        manager = {ENTERPRISE: {"manager": {"value": str(root.pk)}}}
        assert service.post("/Users", {"schemas": [USER], "userName": "x", **manager}).status == 400
        member = [{"value": str(root.pk)}]
        body: dict[str, Any] = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G"}
        assert service.post("/Groups", body | {"members": member}).status == 400
    root.refresh_from_db()
    assert root.title == ""


def test_an_external_id_never_leads_to_somebody_else(hr: Service, other: Service) -> None:
    victim = other.create_user("victim", externalId="42")
    for external_id in ("1", "0", "42", victim["id"], "victim"):
        created = hr.create_user(f"new-{external_id}", externalId=external_id, id=victim["id"])
        assert created["id"] != victim["id"]
        assert created["externalId"] == external_id
    assert other.get(f"/Users/{victim['id']}").body == victim
    found = other.find('externalId eq "42"').resources
    assert [each["id"] for each in found] == [victim["id"]]


def test_a_deleted_name_comes_back_as_somebody_new(hr: Service, other: Service) -> None:
    first = hr.create_user("anna", externalId="A")
    group = hr.create_group("Guides", first["id"])
    hr.delete(f"/Users/{first['id']}")
    second = other.create_user("anna", externalId="A")
    assert second["id"] != first["id"]
    assert "groups" not in second
    assert hr.get(f"/Users/{second['id']}").status == 404
    assert "members" not in hr.get(f"/Groups/{group['id']}").body


def test_members_and_managers_whom_the_client_does_not_know_are_not_shown(hr: Service, other: Service) -> None:
    stranger = other.create_user("stranger", displayName="Stranger")
    mine = hr.create_user("mine")
    group = hr.create_group("Mixed", mine["id"])
    add_members(Group.objects.get(pk=group["id"]), [User.objects.get(pk=stranger["id"])], actor=command_actor())
    User.objects.filter(pk=mine["id"]).update(manager_id=stranger["id"])
    assert [each["value"] for each in hr.get(f"/Groups/{group['id']}").body["members"]] == [mine["id"]]
    assert hr.find(f'members eq "{stranger["id"]}"', "/Groups").body["totalResults"] == 0
    assert names(hr, "filter=" + quote(f'{ENTERPRISE}:manager.displayName eq "stranger"')) == set()
    assert "groups" not in other.get(f"/Users/{stranger['id']}").body


def test_not_even_the_id_of_a_manager_is_told_whom_the_client_does_not_know(hr: Service, other: Service) -> None:
    stranger, boss = other.create_user("stranger"), hr.create_user("boss")
    mine = hr.create_user("mine")
    update_user(User.objects.get(pk=mine["id"]), actor=command_actor(), changes={"manager": stranger["id"]})
    path = f"/Users/{mine['id']}"
    for seen in (hr.get(path), hr.get("/Users?filter=userName%20eq%20%22mine%22"), hr.put(path, mine)):
        assert stranger["id"] not in str(seen.body)
        assert ENTERPRISE not in str(seen.body)
    for filter_, found in (
        (f'{ENTERPRISE}:manager.value eq "{stranger["id"]}"', set()),
        (f'not ({ENTERPRISE}:manager eq "{stranger["id"]}")', {"boss", "mine"}),
        (f"{ENTERPRISE}:manager pr", set()),
    ):
        assert names(hr, "filter=" + quote(filter_)) == found, filter_
    assert str(User.objects.get(pk=mine["id"]).manager_id) == stranger["id"]
    update_user(User.objects.get(pk=mine["id"]), actor=command_actor(), changes={"manager": boss["id"]})
    assert names(hr, "filter=" + quote(f'{ENTERPRISE}:manager eq "{boss["id"]}"')) == {"mine"}
    assert hr.get(path).body[ENTERPRISE]["manager"]["value"] == boss["id"]


@pytest.fixture
def known(db: None) -> User:
    """A person the portal knows from a file."""
    attributes = UserAttributes({"user_name": "anna", "title": "Guide"})
    return create_user(actor=command_actor(), attributes=attributes, default_origin="file:personnel")


def test_without_an_adoption_rule_the_known_stay_unseen(hr: Service, known: User) -> None:
    assert names(hr, "filter=" + quote('userName eq "anna"')) == set()
    assert hr.get(f"/Users/{known.pk}").status == 404
    answer = hr.post("/Users", {"schemas": [USER], "userName": "anna"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")


def test_adoption_by_user_name(known: User) -> None:
    service = new_service("adopting", adoption_rule=AdoptionRule.USER_NAME)
    assert names(service, "") == set()
    assert names(service, "filter=" + quote('userName sw "ann"')) == set()
    assert names(service, "filter=" + quote('userName eq "anna" or title pr')) == set()
    assert service.delete(f"/Users/{known.pk}").status == 404
    found = service.find('userName eq "Anna"').resources
    assert [each["id"] for each in found] == [str(known.pk)]
    answer = service.patch(
        f"/Users/{known.pk}",
        {"op": "add", "path": "externalId", "value": "E-1"},
        {"op": "add", "path": "nickName", "value": "Annie"},
    )
    assert (answer.status, answer.body["externalId"], answer.body["nickName"]) == (200, "E-1", "Annie")
    assert {"code": "adopted", "subject": ""} in service.notes
    assert names(service, "") == {"anna"}
    assert AuditEntry.objects.filter(verb="association.adopted").exists()
    known.refresh_from_db()
    assert known.default_origin == "file:personnel"
    assert service.delete(f"/Users/{known.pk}").status == 204
    known.refresh_from_db()
    assert known.deleted_at is None
    assert names(service, "") == set()


def test_adoption_that_takes_the_lifecycle_over(known: User) -> None:
    service = new_service("owning", adoption_rule=AdoptionRule.USER_NAME, adoption_owns_lifecycle=True)
    service.patch(f"/Users/{known.pk}", {"op": "add", "path": "nickName", "value": "Annie"})
    known.refresh_from_db()
    assert known.default_origin == service.actor.origin
    assert service.delete(f"/Users/{known.pk}").status == 204
    known.refresh_from_db()
    assert known.deleted_at is not None


def test_a_second_clients_delete_removes_only_its_own_view(hr: Service) -> None:
    created = hr.create_user("anna")
    second = new_service("second", adoption_rule=AdoptionRule.USER_NAME)
    second.patch(f"/Users/{created['id']}", {"op": "add", "path": "externalId", "value": "S"})
    assert second.delete(f"/Users/{created['id']}").status == 204
    assert second.find('externalId eq "S"').body["totalResults"] == 0
    assert hr.get(f"/Users/{created['id']}").status == 200
