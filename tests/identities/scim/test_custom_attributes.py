"""Custom attributes over SCIM: published, typed, written, filtered."""

import pytest

from identities.actions.attribute_definitions import create_attribute_definition
from identities.actors import command_actor
from identities.vocabulary import AttributeKind
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
