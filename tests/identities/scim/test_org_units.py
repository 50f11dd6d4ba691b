"""Org units: a resource type of the portal's own."""

from typing import Any
from urllib.parse import quote

import pytest

from identities.actions.org_units import create_org_unit
from identities.actors import command_actor
from identities.models import OrgUnit
from identities.vocabulary import ClientScope
from tests.factories import make_person
from tests.identities.scim.service import ORG_UNIT, SEARCH, Service, new_service


def create(service: Service, name: str, **more: Any) -> dict[str, Any]:
    answer = service.post("/OrgUnits", {"schemas": [ORG_UNIT], "name": name, "code": name, **more})
    assert answer.status == 201, answer.body
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    return dict(answer.body)


def names(service: Service, query: str = "") -> list[str]:
    return [each["name"] for each in service.get(f"/OrgUnits?{query}").resources]


def test_they_are_published(hr: Service) -> None:
    types = {each["id"]: each for each in hr.get("/ResourceTypes").resources}
    assert (types["OrgUnit"]["endpoint"], types["OrgUnit"]["schema"]) == ("/OrgUnits", ORG_UNIT)
    attributes = {each["name"]: each for each in hr.get(f"/Schemas/{ORG_UNIT}").body["attributes"]}
    assert attributes["name"]["required"]
    assert attributes["code"]["uniqueness"] == "server"


def test_they_are_created_read_changed_moved_and_deleted(hr: Service) -> None:
    boss = hr.create_user("boss", displayName="Boss")
    top = create(hr, "Company", code="C")
    south = create(hr, "South", parent={"value": top["id"]}, manager={"value": boss["id"]})
    path = f"/OrgUnits/{south['id']}"
    assert south["code"] == "South"
    assert south["parent"] == {"value": top["id"], "$ref": top["meta"]["location"], "display": "Company"}
    assert (south["manager"]["value"], south["manager"]["display"]) == (boss["id"], "Boss")
    assert hr.get(path).body == south
    renamed = hr.patch(path, {"op": "replace", "path": "name", "value": "Deep South"})
    assert (renamed.body["name"], renamed.body["code"]) == ("Deep South", "South")
    assert hr.get(path, **{"If-None-Match": south["meta"]["version"]}).status == 200
    assert hr.get(path, **{"If-None-Match": renamed.body["meta"]["version"]}).status == 304
    assert hr.delete(path, **{"If-Match": south["meta"]["version"]}).status == 412
    alone = hr.put(path, {"schemas": [ORG_UNIT], "name": "South", "code": "S"})
    assert {"parent", "manager"}.isdisjoint(alone.body)
    back = hr.patch(path, {"op": "add", "path": "parent.value", "value": top["id"]})
    assert back.body["parent"]["display"] == "Company"
    assert hr.delete(f"/OrgUnits/{top['id']}").status == 400
    assert hr.delete(path).status == 204
    assert hr.get(path).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "x"}, 400),
        ({"name": "x", "code": "c"}, 409),
        ({"name": "x", "code": "x", "parent": {"value": "nonsense"}}, 400),
        ({"name": "x", "code": "x", "parent": {"value": "00000000-0000-0000-0000-000000000000"}}, 400),
        ({"name": "x", "code": "x", "manager": {"value": "00000000-0000-0000-0000-000000000000"}}, 400),
        ({"name": 5, "code": "x"}, 400),
        ({"name": "x", "code": "x", "nonsense": 1}, 400),
    ],
)
def test_what_is_refused(hr: Service, body: dict[str, Any], status: int) -> None:
    create(hr, "Company", code="C")
    assert hr.post("/OrgUnits", {"schemas": [ORG_UNIT], **body}).status == status
    assert OrgUnit.objects.count() == 1


def test_a_unit_does_not_stand_below_itself(hr: Service) -> None:
    top = create(hr, "Company")
    below = create(hr, "South", parent={"value": top["id"]})
    move = {"op": "add", "path": "parent.value", "value": below["id"]}
    assert hr.patch(f"/OrgUnits/{top['id']}", move).status == 400


def test_they_are_filtered_sorted_and_paged(hr: Service) -> None:
    top = create(hr, "Company", code="C")
    for name in ("north", "South", "East"):
        create(hr, name, parent={"value": top["id"]})
    assert names(hr, "filter=" + quote(f'parent.value eq "{top["id"]}" and name co "ST"')) == ["East"]
    assert names(hr, "filter=" + quote("parent eq null")) == ["Company"]
    assert names(hr, "sortBy=name") == ["Company", "East", "north", "South"]
    assert names(hr, "startIndex=2&count=2") == ["north", "South"]
    first = hr.get("/OrgUnits?cursor&count=3").body
    assert names(hr, f"cursor={first['nextCursor']}&count=3") == ["East"]
    found = hr.post("/OrgUnits/.search", {"schemas": [SEARCH], "filter": 'code eq "c"', "attributes": ["name"]})
    assert set(found.resources[0]) == {"schemas", "id", "name"}
    everything = hr.get("/?filter=" + quote('meta.resourceType eq "OrgUnit" or userName pr'))
    assert everything.body["totalResults"] == 4
    assert hr.get("/OrgUnits?filter=userName%20pr").body["scimType"] == "invalidFilter"


def test_who_may_do_what(hr: Service) -> None:
    stranger = make_person("stranger", display_name="Stranger")
    unit = create_org_unit(name="Company", manager=stranger, actor=command_actor())
    path = f"/OrgUnits/{unit.pk}"
    # Not a person whom the client sees; and not its unit to change.
    assert "manager" not in hr.get(path).body
    assert names(hr, "filter=" + quote(f'manager.value eq "{stranger.pk}"')) == []
    refused = hr.patch(path, {"op": "replace", "path": "name", "value": "Mine"})
    assert (refused.status, refused.body["scimType"]) == (400, "mutability")
    people_only = new_service("people", scopes=(ClientScope.READ, ClientScope.WRITE_USERS))
    for method, address in (("GET", "/OrgUnits"), ("GET", path), ("POST", "/OrgUnits/.search"), ("DELETE", path)):
        assert people_only.request(method, address, {}).status == 403
    assert people_only.get("/").body["totalResults"] == 0
    reader = new_service("reader", scopes=(ClientScope.READ_ORG_UNITS,))
    assert names(reader) == ["Company"]
    assert reader.delete(path).status == 403
