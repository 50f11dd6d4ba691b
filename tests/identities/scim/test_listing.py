"""Queries: filter, sort, paging, attributes, searches, and how many statements they take."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.actions.org_units import create_org_unit
from identities.actions.users import update_users_many
from identities.actions.users.arguments import UserUpdate
from identities.actors import command_actor
from identities.models import User
from tests.identities.scim.service import ENTERPRISE, SEARCH, USER, Service


def names(service: Service, filter_: str = "", resource: str = "Users", **parameters: Any) -> list[str]:
    text = "&".join(f"{name}={quote(str(value))}" for name, value in ({"filter": filter_} | parameters).items())
    answer = service.get(f"/{resource}?{text}")
    assert answer.status == 200, answer.body
    return [each.get("userName") or each["displayName"] for each in answer.resources]


@pytest.fixture
def staff(hr: Service) -> Service:
    """Five people, one of them the others' boss."""
    boss = hr.create_user("Dora", displayName="Dora", title="Boss", externalId="x5")
    for number, name in enumerate(("anna", "Ben", "cleo", "ÉMILE")):
        hr.create_user(
            name,
            externalId=f"X{number}",
            name={"familyName": "Zed" if number % 2 else "Abe"},
            emails=[{"value": f"{name.lower()}@example.com", "type": "work"}],
            **{ENTERPRISE: {"department": "Tours", "manager": {"value": boss["id"]}}},
        )
    return hr


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('userName eq "ANNA"', {"anna"}),
        ('USERNAME Eq "e\u0301mile"', {"ÉMILE"}),
        ('externalId eq "X1"', {"Ben"}),
        ('externalId eq "x1"', set()),
        ('name.familyName co "e" and not (userName sw "a")', {"Ben", "cleo", "ÉMILE"}),
        ('emails eq "ben@example.com"', {"Ben"}),
        ('emails[type eq "WORK" and value sw "cleo"]', {"cleo"}),
        ('emails[type eq "work"].value eq "cleo@example.com"', {"cleo"}),
        ("title pr", {"Dora"}),
        ("not (title pr)", {"anna", "Ben", "cleo", "ÉMILE"}),
        ('title ne "Boss"', {"anna", "Ben", "cleo", "ÉMILE"}),
        ("title eq null", {"anna", "Ben", "cleo", "ÉMILE"}),
        (f'{ENTERPRISE}:department eq "tours"', {"anna", "Ben", "cleo", "ÉMILE"}),
        (f'{ENTERPRISE}:manager.displayName eq "dora"', {"anna", "Ben", "cleo", "ÉMILE"}),
        ('active eq "True"', {"anna", "Ben", "cleo", "ÉMILE", "Dora"}),
        ("active eq false", set()),
        ('meta.created gt "2020-01-01T00:00:00Z"', {"anna", "Ben", "cleo", "ÉMILE", "Dora"}),
        ('id eq "nonsense"', set()),
        ('name[familyName eq "abe" and not (givenName pr)]', {"anna", "cleo"}),
        (f'{ENTERPRISE}:manager[displayName eq "dora"]', {"anna", "Ben", "cleo", "ÉMILE"}),
        (f'schemas eq "{ENTERPRISE}"', {"anna", "Ben", "cleo", "ÉMILE"}),
        (f'not (SCHEMAS eq "{ENTERPRISE.upper()}")', {"Dora"}),
        (f'schemas ne "{ENTERPRISE}" or schemas eq "urn:unknown"', {"Dora"}),
        (f'schemas eq "{USER}" and {USER}:userName sw "b"', {"Ben"}),
        ('emails[not (type eq "home") and (value co "ben" or value sw "anna")]', {"anna", "Ben"}),
        ('NOT (userName GT "b") OR userName GE "D" AND userName LT "e"', {"anna", "Dora"}),
        ('meta.created ge "2020-01-01T02:00:00.5+02:00" and meta.lastModified pr and title pr', {"Dora"}),
        ('userName eq "nobody" or title eq "boss" and userName pr', {"Dora"}),
    ],
)
def test_filters(staff: Service, filter_: str, found: set[str]) -> None:
    assert set(names(staff, filter_)) == found


@pytest.mark.parametrize(
    "filter_",
    [
        "userName",
        'userName eq "x',
        "userName zz 1",
        'nonsense eq "x"',
        'password eq "x"',
        "userName gt 5",
        "active gt true",
        'userName eq "a\\u0000"',
        'userName eq "\\ud800"',
        'title[type eq "x"]',
        'meta.created eq "soon"',
        "addresses eq 1",
        "schemas eq null",
        'name[nickName eq "x"]',
    ],
)
def test_filters_that_make_no_sense(staff: Service, filter_: str) -> None:
    answer = staff.get(f"/Users?filter={quote(filter_)}")
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


def test_sorting(staff: Service) -> None:
    assert names(staff, sortBy="userName") == ["anna", "Ben", "cleo", "Dora", "ÉMILE"]
    assert names(staff, sortBy="userName", sortOrder="descending") == ["ÉMILE", "Dora", "cleo", "Ben", "anna"]
    assert names(staff, sortBy="title")[0] == "Dora"
    assert names(staff, sortBy="title", sortOrder="descending")[-1] == "Dora"
    assert names(staff, sortBy="emails")[:3] == ["anna", "Ben", "cleo"]
    assert names(staff, sortBy="externalId")[:2] == ["anna", "Ben"]
    assert staff.get("/Users?sortBy=nonsense").body["scimType"] == "invalidPath"


def test_sorting_by_parts_of_several_values(hr: Service) -> None:
    home, work = {"type": "home", "locality": "Bern"}, {"type": "work", "locality": "aachen", "primary": True}
    hr.create_user("anna", addresses=[home, work], emails=[{"value": "z@x.y"}, {"value": "b@x.y", "primary": True}])
    hr.create_user("ben", addresses=[home], emails=[{"value": "a@x.y"}])
    hr.create_user("cleo", emails=[{"value": "c@x.y", "display": "C"}])
    assert names(hr, sortBy="addresses.locality") == ["anna", "ben", "cleo"]
    assert names(hr, sortBy="addresses.locality", sortOrder="descending") == ["cleo", "ben", "anna"]
    assert names(hr, sortBy="emails.value") == ["ben", "anna", "cleo"]
    assert names(hr, sortBy="EMAILS.display")[0] == "cleo"
    assert names(hr, sortBy="emails.primary")[-1] == "anna"


def test_paging_is_exact_and_stable(staff: Service) -> None:
    everybody = names(staff)
    assert everybody == ["Dora", "anna", "Ben", "cleo", "ÉMILE"]
    turned = [name for start in (1, 3, 5, 7) for name in names(staff, startIndex=start, count=2)]
    assert turned == everybody
    page = staff.get("/Users?startIndex=4&count=2").body
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 4, 2)
    counted = staff.get("/Users?count=0").body
    assert (counted["totalResults"], counted["Resources"]) == (5, [])
    assert staff.get("/Users?startIndex=-3&count=-1").body["startIndex"] == 1
    assert staff.get("/Users?count=1000000000").body["itemsPerPage"] == 5
    assert staff.get("/Users?count=many").status == 400
    assert staff.get("/Users?nonsense=1&sortBy=").status == 200


def test_attributes(staff: Service) -> None:
    only = staff.get("/Users?attributes=userName,emails.value&count=2").resources
    assert set(only[1]) == {"schemas", "id", "userName", "emails"}
    assert only[1]["emails"] == [{"value": "anna@example.com"}]
    department = staff.get(f"/Users?attributes={ENTERPRISE}:department&count=2").resources[1]
    assert department[ENTERPRISE] == {"department": "Tours"}
    without = staff.get(f"/Users?excludedAttributes=meta,{ENTERPRISE},id,NAME.familyname&count=2").resources[1]
    assert "meta" not in without
    assert "name" not in without
    assert ENTERPRISE not in without
    assert "id" in without
    assert staff.get("/Users?attributes=a&excludedAttributes=b").status == 400


def test_searches(staff: Service) -> None:
    staff.create_group("Ben")
    request = {"schemas": [SEARCH], "filter": 'userName sw "b"', "attributes": ["userName"], "count": 10}
    found = staff.post("/Users/.search", request)
    assert [each["userName"] for each in found.resources] == ["Ben"]
    everything = staff.post("/.search", {"schemas": [SEARCH], "filter": "id pr"})
    assert everything.body["totalResults"] == 6
    by_name = staff.post("/.search", {"schemas": [SEARCH], "filter": 'displayName eq "ben" or displayName eq "dora"'})
    assert by_name.body["totalResults"] == 2
    users_only = staff.post("/.search", {"schemas": [SEARCH], "filter": 'userName eq "ben"'})
    assert users_only.body["totalResults"] == 1
    tail = staff.post("/.search", {"schemas": [SEARCH], "filter": "id pr", "startIndex": 5, "count": 2})
    assert [each.get("userName", "group") for each in tail.resources] == ["ÉMILE", "group"]
    assert staff.post("/.search", {"schemas": [SEARCH], "filter": "nonsense pr"}).status == 400
    assert staff.post("/.search", {"schemas": [SEARCH], "sortBy": "externalId"}).status == 200
    assert staff.post("/.search", {"schemas": [SEARCH], "sortBy": "nonsense"}).status == 400


def test_filters_on_groups(staff: Service) -> None:
    anna = staff.get('/Users?filter=userName eq "anna"').resources[0]["id"]
    group = staff.create_group("Guides", anna)
    staff.create_group("Others")
    assert names(staff, 'displayName eq "GUIDES"', "Groups") == ["Guides"]
    assert names(staff, f'id eq "{group["id"]}" and members eq "{anna}"', "Groups") == ["Guides"]
    assert names(staff, f'members[value eq "{anna}"]', "Groups") == ["Guides"]
    assert names(staff, "not (members pr)", "Groups") == ["Others"]
    assert names(staff, 'groups.display eq "guides"') == ["anna"]
    excluded = staff.get("/Groups?excludedAttributes=members").resources
    assert all("members" not in each for each in excluded)


def statements(service: Service, method: str, path: str, body: Any = None) -> int:
    service.raw("GET", "/Users?count=1")
    with CaptureQueriesContext(connection) as queries:
        response = service.raw(method, path, body)
    assert response.status_code < 300, response.content
    return len(queries)


def test_the_number_of_statements_does_not_grow_with_the_page(hr: Service) -> None:
    boss = hr.create_user("boss")["id"]
    people = [hr.create_user(f"u{number}", **{ENTERPRISE: {"manager": {"value": boss}}})["id"] for number in range(2)]
    group = hr.create_group("Few", *people)["id"]
    few = statements(hr, "GET", "/Users"), statements(hr, "GET", f"/Groups/{group}")
    more = [hr.create_user(f"v{number}", **{ENTERPRISE: {"manager": {"value": boss}}})["id"] for number in range(50)]
    big = hr.create_group("Many", *people, *more)["id"]
    many = statements(hr, "GET", "/Users"), statements(hr, "GET", f"/Groups/{big}")
    assert many == few
    assert few[0] <= 6  # token, count, page, groups, managers, log
    assert few[1] <= 4  # token, group, members, log
    assert statements(hr, "GET", f"/Users/{people[0]}") <= 5
    assert statements(hr, "GET", "/Users?filter=" + quote('userName eq "v7"')) <= 6


def test_the_number_of_statements_of_a_membership_change_does_not_grow_with_the_group(hr: Service) -> None:
    people = [hr.create_user(f"u{number}")["id"] for number in range(41)]
    small, large = hr.create_group("Small", people[0])["id"], hr.create_group("Large", *people[:20])["id"]

    def add(*members: str) -> Any:
        operation = {"op": "add", "path": "members", "value": [{"value": member} for member in members]}
        return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}

    one = statements(hr, "PATCH", f"/Groups/{small}", add(people[40]))
    assert statements(hr, "PATCH", f"/Groups/{large}", add(people[40])) == one
    assert statements(hr, "PATCH", f"/Groups/{large}", add(*people[20:40])) == one


def test_patching_a_user_takes_a_fixed_number_of_statements(hr: Service) -> None:
    created = hr.create_user("anna")
    replace = {"op": "replace", "path": "title", "value": "Guide"}
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [replace]}
    assert statements(hr, "PATCH", f"/Users/{created['id']}", message) <= 20


def test_texts_of_an_older_rendering_are_rendered_anew(staff: Service) -> None:
    before = staff.get("/Users").resources
    User.objects.update(scim_text="{}", rendering_version=0)
    assert staff.get("/Users").resources == before


def test_a_change_by_others_shows_at_once(staff: Service) -> None:
    user = User.objects.get(user_name="anna")
    update_users_many([UserUpdate(user, {"title": "Queen"})], actor=command_actor())
    assert names(staff, 'title eq "queen"') == ["anna"]


def test_what_is_returned_on_request_only(staff: Service) -> None:
    portal = "urn:ietf:params:scim:schemas:extension:portal:2.0:User"
    unit = create_org_unit(name="South", code="S", actor=command_actor())
    update_users_many([UserUpdate(User.objects.get(user_name="anna"), {"org_unit": unit})], actor=command_actor())
    assert all(portal not in each and portal not in each["schemas"] for each in staff.get("/Users").resources)
    asked = staff.get(f"/Users?attributes=userName,{portal}:orgUnit&sortBy=userName").resources[0]
    assert asked[portal] == {"orgUnit": {"value": str(unit.pk), "code": "S", "name": "South"}}
    state = staff.get(f"/Users?attributes={portal}:state&count=1").resources[0]
    assert state[portal] == {"state": "active"}
    assert names(staff, 'orgUnit.code eq "s"') == ["anna"]


@pytest.mark.parametrize(
    "search",
    [
        {},
        {"filter": "id pr"},
        {"schemas": [USER], "filter": "id pr"},
        {"schemas": [SEARCH], "nonsense": 1},
        {"schemas": [SEARCH], "count": ""},
        {"schemas": [SEARCH], "sortOrder": ""},
        {"schemas": [SEARCH], "attributes": [None]},
        {"schemas": [SEARCH], "excludedAttributes": {}},
    ],
)
def test_a_search_that_is_none_is_refused(staff: Service, search: dict[str, Any]) -> None:
    assert staff.post("/Users/.search", search).status == 400


def test_a_format_is_no_parameter(staff: Service) -> None:
    assert staff.get("/Users?format=xml").status == 200
