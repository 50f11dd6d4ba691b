"""Custom attributes over SCIM: published, typed, written, filtered."""

from typing import Any

import pytest

from identities.actions.attribute_definitions import create_attribute_definition, update_attribute_definition
from identities.actions.lifecycle import delete_user, restore_user
from identities.actions.users import create_users_many, override_value, update_user
from identities.actions.users.arguments import NewUser, UserAttributes
from identities.actors import admin_actor, command_actor, file_actor
from identities.errors import Conflict, RuleViolation
from identities.models import AttributeDefinition, User
from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness
from tests.identities.scim.service import PORTAL, USER, Service


@pytest.fixture
def declared(hr: Service) -> Service:
    """A client of a portal with three custom attributes."""
    for name, kind, several in (
        ("badge-no", AttributeKind.INTEGER, False),
        ("skills", AttributeKind.STRING, True),
        ("remote", AttributeKind.BOOLEAN, False),
    ):
        create_attribute_definition(name, actor=command_actor(), label=name, kind=kind, multi_valued=several)
    return hr


def test_they_are_published(declared: Service) -> None:
    schema = declared.get(f"/Schemas/{PORTAL}").body
    attributes = {each["name"]: each for each in schema["attributes"]}
    assert attributes["badge-no"]["type"] == "integer"
    assert attributes["skills"]["multiValued"] is True
    assert attributes["remote"]["type"] == "boolean"
    assert attributes["state"]["mutability"] == "readOnly"


def test_they_are_written_read_filtered_and_cleared(declared: Service) -> None:
    created = declared.create_user("anna", **{PORTAL: {"badge-no": 7, "skills": ["Go", "chess"], "remote": True}})
    assert created[PORTAL] == {"badge-no": 7, "skills": ["Go", "chess"], "remote": True}
    for filter_ in (f"{PORTAL}:badge-no ge 7", 'custom.skills eq "Go"', "custom.remote eq true", "custom.skills pr"):
        assert declared.find(filter_).body["totalResults"] == 1, filter_
    for filter_ in ("custom.badge-no gt 7", 'custom.skills eq "go"', "custom.other pr"):
        assert declared.find(filter_).body["totalResults"] == 0, filter_
    path = f"/Users/{created['id']}"
    changed = declared.patch(
        path,
        {"op": "replace", "path": f"{PORTAL}:badge-no", "value": 8},
        {"op": "add", "path": f"{PORTAL}:skills", "value": ["rope"]},
        {"op": "remove", "path": f"{PORTAL}:remote"},
    )
    assert changed.body[PORTAL] == {"badge-no": 8, "skills": ["Go", "chess", "rope"]}
    cleared = declared.put(path, {"schemas": [USER], "userName": "anna"})
    assert PORTAL not in cleared.body
    assert PORTAL not in cleared.body["schemas"]


def test_a_value_of_another_type_is_refused(declared: Service) -> None:
    for extension in ({"badge-no": "x"}, {"skills": "Go"}, {"remote": "perhaps"}, {"unknown": 1}):
        answer = declared.post("/Users", {"schemas": [USER, PORTAL], "userName": "anna", PORTAL: extension})
        assert answer.status == 400, extension


def declare(name: str, **how: Any) -> AttributeDefinition:
    return create_attribute_definition(name, actor=command_actor(), **how)


def test_how_they_may_be_written_is_published(hr: Service) -> None:
    declare("plate", mutability=AttributeMutability.READ_ONLY)
    declare("badge", mutability=AttributeMutability.IMMUTABLE, uniqueness=AttributeUniqueness.SERVER, required=True)
    attributes = {each["name"]: each for each in hr.get(f"/Schemas/{PORTAL}").body["attributes"]}
    assert attributes["plate"]["mutability"] == "readOnly"
    badge = attributes["badge"]
    assert (badge["mutability"], badge["uniqueness"], badge["required"]) == ("immutable", "server", True)


def test_what_is_required_is_there(hr: Service) -> None:
    declare("badge", required=True)
    body = {"schemas": [USER], "userName": "anna"}
    assert hr.post("/Users", body).body["scimType"] == "invalidValue"
    anna = hr.post("/Users", body | {PORTAL: {"badge": "7"}}).body
    path = f"/Users/{anna['id']}"
    assert hr.put(path, body).status == 400
    assert hr.patch(path, {"op": "remove", "path": f"{PORTAL}:badge"}).status == 400
    assert hr.get(path).body[PORTAL] == {"badge": "7"}


def test_what_is_read_only_is_not_for_clients(hr: Service) -> None:
    declare("plate", mutability=AttributeMutability.READ_ONLY)
    anna = hr.create_user("anna", **{PORTAL: {"plate": "mine"}})
    assert PORTAL not in anna
    path = f"/Users/{anna['id']}"
    update_user(User.objects.get(), actor=file_actor("hr"), changes={"custom.plate": "B 1"})
    assert hr.put(path, {"schemas": [USER], "userName": "anna", PORTAL: {"plate": "x"}}).body[PORTAL] == {
        "plate": "B 1"
    }
    for operation in (
        {"op": "replace", "path": f"{PORTAL}:plate", "value": "x"},
        {"op": "remove", "path": f"{PORTAL}:plate"},
        {"op": "add", "value": {f"{PORTAL}:plate": "x"}},
    ):
        answer = hr.patch(path, {"op": "replace", "path": "title", "value": "Boss"}, operation)
        assert (answer.status, answer.body["scimType"]) == (400, "mutability"), operation
    assert hr.get(path).body[PORTAL] == {"plate": "B 1"}
    assert "title" not in hr.get(path).body


def test_what_is_immutable_is_set_once_by_whomever(hr: Service) -> None:
    declare("badge", mutability=AttributeMutability.IMMUTABLE)
    anna = hr.create_user("anna")
    path, person = f"/Users/{anna['id']}", User.objects.get()
    body = {"schemas": [USER], "userName": "anna"}
    assert hr.patch(path, {"op": "add", "path": f"{PORTAL}:badge", "value": "7"}).body[PORTAL] == {"badge": "7"}
    assert hr.put(path, body | {PORTAL: {"badge": "7"}}).status == 200
    assert hr.put(path, body).body[PORTAL] == {"badge": "7"}
    for answer in (
        hr.put(path, body | {PORTAL: {"badge": "8"}}),
        hr.patch(path, {"op": "replace", "path": f"{PORTAL}:badge", "value": "8"}),
        hr.patch(path, {"op": "remove", "path": f"{PORTAL}:badge"}),
    ):
        assert (answer.status, answer.body["scimType"]) == (400, "mutability")
    for actor in (command_actor(), file_actor("hr")):
        with pytest.raises(RuleViolation, match="cannot change any more"):
            update_user(person, actor=actor, changes={"custom.badge": "8"})
        assert update_user(person, actor=actor, changes={"custom.badge": ""}).kept == ("custom.badge",)
    assert hr.get(path).body[PORTAL] == {"badge": "7"}
    override_value(person, actor=admin_actor(person.pk, "root"), attribute="custom.badge", value="8", reason="typo")
    assert hr.get(path).body[PORTAL] == {"badge": "8"}


@pytest.mark.database
@pytest.mark.parametrize(
    ("kind", "value", "another"), [(AttributeKind.STRING, "A7", "a7"), (AttributeKind.INTEGER, 7, 8)]
)
def test_what_is_unique_is_one_persons(hr: Service, kind: AttributeKind, value: Any, another: Any) -> None:
    declare("badge", kind=kind, uniqueness=AttributeUniqueness.SERVER)
    anna = hr.create_user("anna", **{PORTAL: {"badge": value}})
    body = {"schemas": [USER, PORTAL], "userName": "ben", PORTAL: {"badge": value}}
    taken = hr.post("/Users", body)
    assert (taken.status, taken.body["scimType"]) == (409, "uniqueness")
    ben = hr.create_user("ben", **{PORTAL: {"badge": another}})
    change = {"op": "replace", "path": f"{PORTAL}:badge", "value": value}
    assert hr.patch(f"/Users/{ben['id']}", change).status == 409
    assert hr.patch(f"/Users/{anna['id']}", change).status == 200
    rows = [NewUser(UserAttributes({"user_name": name, "custom.badge": "99"})) for name in ("cleo", "dora")]
    cleo, dora = create_users_many(rows, actor=command_actor())
    assert isinstance(cleo, User)
    assert isinstance(dora, Conflict)
    delete_user(User.objects.get(user_name="anna"), actor=hr.actor)
    assert hr.patch(f"/Users/{ben['id']}", change).status == 200
    with pytest.raises(Conflict, match="badge"):
        restore_user(User.objects.get(user_name="anna"), actor=command_actor())


def test_declarations_that_make_no_sense_are_refused(hr: Service) -> None:
    for how in (
        {"mutability": AttributeMutability.READ_ONLY, "required": True},
        {"uniqueness": AttributeUniqueness.SERVER, "multi_valued": True},
        {"mutability": "sometimes"},
    ):
        with pytest.raises(RuleViolation):
            declare("badge", **how)
    badge = declare("badge")
    for name in ("anna", "ben"):
        hr.create_user(name, **{PORTAL: {"badge": "7"}})
    changes = {"uniqueness": AttributeUniqueness.SERVER}
    with pytest.raises(RuleViolation, match="same value"):
        update_attribute_definition(badge, actor=command_actor(), changes=changes)
    update_user(User.objects.get(user_name="ben"), actor=command_actor(), changes={"custom.badge": "8"})
    assert update_attribute_definition(badge, actor=command_actor(), changes=changes).uniqueness == "server"
