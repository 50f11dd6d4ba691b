"""What an administrator lets one client see and write: its sight, its bounds, locked attributes, and its rate."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.actions.administrators import create_operator
from identities.actions.attribute_definitions import create_attribute_definition, delete_attribute_definition
from identities.actions.clients import update_client
from identities.actions.users import update_user
from identities.actors import command_actor
from identities.models import AuditEntry, User
from identities.scim import limits
from identities.scim.callers import throttling
from identities.vocabulary import AdoptionRule, ClientProfile, ClientSight, Role
from tests.factories import make_person
from tests.identities.scim.service import ENTERPRISE, PORTAL, USER, Service, new_service

pytestmark = pytest.mark.django_db


def names(service: Service, query: str = "") -> set[str]:
    return {each["userName"] for each in service.get(f"/Users?{query}").resources}


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


@pytest.fixture
def reader() -> Service:
    """A client that sees everybody."""
    return new_service("reader", sight=ClientSight.EVERYBODY)


# Sight ----------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_who_sees_everybody_reads_and_changes_nobody_elses(hr: Service, reader: Service) -> None:
    create_operator("root", "Correct-Horse-9", Role.SUPERUSER, actor=command_actor())
    anna = hr.create_user("anna", externalId="A")
    group = hr.create_group("Guides", anna["id"])
    mine = reader.create_user("mine", **{ENTERPRISE: {"manager": {"value": anna["id"]}}})
    assert names(reader) == {"anna", "mine"}
    seen = reader.get(f"/Users/{anna['id']}").body
    assert "externalId" not in seen
    assert [each["display"] for each in seen["groups"]] == ["Guides"]
    assert reader.get(f"/Groups/{group['id']}").body["members"][0]["value"] == anna["id"]
    assert mine[ENTERPRISE]["manager"]["value"] == anna["id"]
    for kind, found in (("Users", anna), ("Groups", group)):
        path, name = f"/{kind}/{found['id']}", "userName" if kind == "Users" else "displayName"
        body = {"schemas": found["schemas"], name: "changed"}
        for answer in (
            reader.patch(path, replace("displayName", "x")),
            reader.put(path, body),
            reader.delete(path),
        ):
            assert answer.status == 403, answer.body
    assert hr.get(f"/Users/{anna['id']}").body["userName"] == "anna"
    assert reader.patch(f"/Users/{mine['id']}", replace("title", "x")).status == 200
    own = reader.create_group("Readers", anna["id"])
    assert reader.delete(f"/Groups/{own['id']}").status == 204
    root = User.objects.get(user_name="root")
    assert reader.get(f"/Users/{root.pk}").status == 404
    assert reader.patch(f"/Users/{root.pk}", replace("title", "x")).status == 404


def test_what_it_deleted_from_its_sight_stays_out_of_it(hr: Service) -> None:
    anna = hr.create_user("anna")
    adopting = new_service("adopting", sight=ClientSight.EVERYBODY, adoption_rule=AdoptionRule.USER_NAME)
    assert adopting.patch(f"/Users/{anna['id']}", replace("nickName", "A")).status == 200
    assert adopting.delete(f"/Users/{anna['id']}").status == 204
    assert names(adopting) == set()
    assert names(hr) == {"anna"}


# Bounds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_nobody_outside_of_its_bounds_exists_for_a_client(hr: Service) -> None:
    inside, outside = hr.create_user("in", title="Guide"), hr.create_user("out", title="Boss")
    group = hr.create_group("Both", inside["id"], outside["id"])
    hr.patch(f"/Users/{inside['id']}", replace(f"{ENTERPRISE}:manager", {"value": outside["id"]}))
    update_client(hr.client, actor=command_actor(), changes={"bounds": 'title eq "guide" or userName sw "new"'})
    assert names(hr) == {"in"}
    for query in ('title pr or userName eq "out"', 'not (title eq "Guide")', f'id eq "{outside["id"]}"'):
        assert "out" not in names(hr, "filter=" + quote(query))
    path = f"/Users/{outside['id']}"
    assert [hr.get(path).status, hr.delete(path).status] == [404, 404]
    assert hr.patch(path, replace("title", "Guide")).status == 404
    assert [each["value"] for each in hr.get(f"/Groups/{group['id']}").body["members"]] == [inside["id"]]
    assert outside["id"] not in str(hr.get(f"/Users/{inside['id']}").body)
    add = {"op": "add", "path": "members", "value": [{"value": outside["id"]}]}
    assert hr.patch(f"/Groups/{group['id']}", add).status == 400
    assert hr.post("/Users", {"schemas": [USER], "userName": "out"}).status == 409


def test_nobody_is_put_outside_of_a_clients_bounds(hr: Service) -> None:
    update_client(hr.client, actor=command_actor(), changes={"bounds": 'title eq "guide"'})
    anna = hr.create_user("anna", title="Guide")
    path = f"/Users/{anna['id']}"
    for answer in (
        hr.post("/Users", {"schemas": [USER], "userName": "berta", "title": "Boss"}),
        hr.patch(path, replace("title", "Boss")),
        hr.put(path, {"schemas": [USER], "userName": "anna"}),
    ):
        assert answer.status == 403, answer.body
    assert hr.get(path).body["title"] == "Guide"
    assert not User.objects.filter(user_name="berta").exists()
    assert hr.patch(path, replace("nickName", "A")).status == 200


def test_bounds_hold_beside_sight_and_adoption(hr: Service) -> None:
    anna, boss = hr.create_user("anna", title="Guide"), hr.create_user("boss")
    service = new_service(
        "bounded", sight=ClientSight.EVERYBODY, adoption_rule=AdoptionRule.USER_NAME, bounds='title eq "Guide"'
    )
    assert names(service) == {"anna"}
    assert names(service, "filter=" + quote('userName eq "boss"')) == set()
    assert service.patch(f"/Users/{boss['id']}", replace("nickName", "B")).status == 404
    assert service.patch(f"/Users/{anna['id']}", replace("nickName", "A")).status == 200


def test_bounds_that_no_longer_make_sense_show_nobody(hr: Service) -> None:
    hr.create_user("anna")
    hr.client.bounds = "externalId pr"
    hr.client.save()
    assert names(hr) == set()


# Locked attributes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", list(ClientProfile))
def test_what_a_client_may_not_write_is_read_only_for_it(profile: ClientProfile) -> None:
    badge = create_attribute_definition("badge", actor=command_actor())
    locked = ["title", "emails", "custom.badge", "active", "user_name", "manager"]
    service = new_service(profile.value, profile, read_only_attributes=locked)
    boss = service.create_user("boss")
    given = {
        "title": "Guide",
        "nickName": "Annie",
        "active": False,
        "emails": [{"value": "a@x.test"}],
        PORTAL: {"badge": "7", "startDate": "2020-01-01"},
        ENTERPRISE: {"manager": {"value": boss["id"]}},
    }
    anna = service.create_user("anna", **given)
    ignored = {"title", "emails", "active", f"{PORTAL}:badge", f"{ENTERPRISE}:manager"}
    assert {note["subject"] for note in service.notes if note["code"] == "ignored"} == ignored
    assert (anna["userName"], anna["nickName"], anna["active"]) == ("anna", "Annie", True)
    assert not {"title", "emails", ENTERPRISE} & set(anna)
    path = f"/Users/{anna['id']}"
    set_by_admin = {"title": "Boss", "custom.badge": "1"}
    update_user(User.objects.get(pk=anna["id"]), actor=service.actor, changes=set_by_admin)
    put = service.put(path, {"schemas": [USER], "userName": "other", "nickName": "Ann", **given, "active": False})
    assert (put.status, put.body["userName"], put.body["title"], put.body["active"]) == (200, "anna", "Boss", True)
    assert put.body[PORTAL]["badge"] == "1"
    assert {"code": "kept", "subject": "title"} in service.notes
    for operation in (
        replace("title", "x"),
        {"op": "replace", "path": "active", "value": False},
        replace(f"{PORTAL}:badge", "2"),
        {"op": "remove", "path": "title"},
        {"op": "add", "value": {"emails": [{"value": "b@x.test"}]}},
    ):
        answer = service.patch(path, operation, replace("nickName", "Changed"))
        if profile == ClientProfile.RFC:
            assert (answer.status, answer.body["scimType"]) == (400, "mutability"), operation
        else:
            assert (answer.status, answer.body["nickName"]) == (200, "Changed")
            assert "kept" in {note["code"] for note in service.notes}
        now = service.get(path).body
        assert (now["title"], now["active"], now[PORTAL]["badge"], "emails" in now) == ("Boss", True, "1", False)
    assert service.patch(path, replace("title", "Boss")).status == 200, "nothing would change"
    User.objects.update(custom={})
    delete_attribute_definition(badge, actor=command_actor())
    assert service.get(path).status == 200


def test_the_schemas_say_what_a_client_may_not_write(hr: Service, django_assert_num_queries: Any) -> None:
    create_attribute_definition("badge", actor=command_actor())
    locked = ["title", "emails", "given_name", "department", "manager", "custom.badge", "active", "user_name"]
    service = new_service("reader", read_only_attributes=locked)
    read_only = {
        "title", "emails", "emails.value", "emails.display", "emails.type", "emails.primary", "name.givenName",
        "active", f"{PORTAL}:badge", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager",
        f"{ENTERPRISE}:manager.value", f"{ENTERPRISE}:manager.$ref",
    }  # fmt: skip
    for each in (service, hr):
        each.get("/Schemas")  # The first use of a token is noted.
    with CaptureQueriesContext(connection) as queries:
        free = _mutabilities(hr)
    with django_assert_num_queries(len(queries)):
        bound = _mutabilities(service)
    assert {path for path in free if bound[path] != free[path]} == read_only | {"userName"}
    assert {bound[path] for path in read_only} == {"readOnly"}
    assert bound["userName"] == "immutable", "POST takes it"
    assert service.get(f"/Schemas/{USER}").body in service.get("/Schemas").resources
    assert _mutabilities(hr) == free


def _mutabilities(service: Service) -> dict[str, str]:
    """The mutability of each attribute of users, by its path."""
    found: dict[str, str] = {}
    for schema in service.get("/Schemas").resources:
        if schema["id"] not in (USER, ENTERPRISE, PORTAL):
            continue
        urn = "" if schema["id"] == USER else f"{schema['id']}:"
        for each in schema["attributes"]:
            found[f"{urn}{each['name']}"] = each["mutability"]
            for part in each.get("subAttributes", ()):
                found[f"{urn}{each['name']}.{part['name']}"] = part["mutability"]
    return found


# Adoption by a proved address -----------------------------------------------------------------------------------------


@pytest.mark.database
def test_adoption_by_an_address_the_person_proved() -> None:
    service = new_service("mail", adoption_rule=AdoptionRule.VERIFIED_EMAIL)
    people = {
        name: make_person(name, emails=[{"value": f"{name.title()}@x.test", "type": "work"}])
        for name in ("proved", "claimed", "nothing")
    }
    EmailAddress.objects.create(user=people["proved"], email="proved@x.test", verified=True)
    EmailAddress.objects.create(user=people["claimed"], email="claimed@x.test", verified=False)
    assert names(service) == names(service, "filter=" + quote("emails pr")) == set()
    for filter_ in (
        'emails.value eq "PROVED@x.test"',
        'emails eq "proved@x.test"',
        'emails[type eq "work"].value eq "proved@x.test"',
        'emails[type eq "work" and value eq "proved@x.test"]',
    ):
        assert names(service, "filter=" + quote(filter_)) == {"proved"}, filter_
    for filter_ in (
        'emails.value eq "claimed@x.test"',
        'emails.value eq "nothing@x.test"',
        'emails.value sw "proved"',
        'emails.value eq "proved@x.test" or userName pr',
        'emails[type eq "home"].value eq "proved@x.test"',
        'userName eq "proved"',
    ):
        assert names(service, "filter=" + quote(filter_)) == set(), filter_
    for name in ("claimed", "nothing"):
        path = f"/Users/{people[name].pk}"
        assert [service.get(path).status, service.patch(path, replace("title", "x")).status] == [404, 404]
    answer = service.post("/Users", {"schemas": [USER], "userName": "proved"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    path = f"/Users/{people['proved'].pk}"
    assert service.delete(path).status == 404
    assert service.patch(path, replace("nickName", "P")).status == 200
    assert names(service) == {"proved"}
    assert AuditEntry.objects.filter(verb="association.adopted", subject_id=str(people["proved"].pk)).count() == 1


def test_a_client_that_sees_everybody_adopts_only_whom_its_rule_names() -> None:
    service = new_service("mail", adoption_rule=AdoptionRule.VERIFIED_EMAIL, sight=ClientSight.EVERYBODY)
    claimed, proved = make_person("claimed"), make_person("proved")
    EmailAddress.objects.create(user=claimed, email="claimed@x.test", verified=False)
    EmailAddress.objects.create(user=proved, email="proved@x.test", verified=True)
    assert service.patch(f"/Users/{claimed.pk}", replace("nickName", "C")).status == 403
    assert service.patch(f"/Users/{proved.pk}", replace("nickName", "P")).status == 200


# Rate -----------------------------------------------------------------------------------------------------------------


def test_a_client_may_have_a_rate_of_its_own(hr: Service, other: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "time", SimpleNamespace(time=lambda: 200 * limits.RATE_SECONDS - 2.5))
    update_client(hr.client, actor=command_actor(), changes={"rate_limit": 2})
    answers = [hr.get("/Users") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "3"
    assert other.get("/Users").status == 200
