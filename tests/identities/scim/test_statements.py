"""How many statements a request costs: always the same, however many objects there are."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.identities.scim.service import ENTERPRISE, PATCH_OP, USER, Service

pytestmark = [pytest.mark.database, pytest.mark.django_db]
# Each number includes two of the tests' own: the token and the line of the request log, which are kept and wait else.
WRITES_TOGETHER = connection.vendor == "postgresql"


@pytest.fixture
def people(hr: Service) -> list[str]:
    """Twelve people in three groups, all but the first with a manager."""
    boss = hr.create_user("boss", displayName="The Boss")["id"]
    made = [boss]
    for number in range(11):
        person = {
            "displayName": f"Person {number}",
            "emails": [{"value": f"p{number}@example.com", "type": "work"}],
            ENTERPRISE: {"manager": {"value": boss}},
        }
        made.append(hr.create_user(f"person{number}", **person)["id"])
    for number in range(3):
        hr.create_group(f"Group {number}", *made[number:])
    return made


def cost(service: Service, method: str, path: str, body: Any = None) -> int:
    """The statements of one request; the request before it has already made what is kept in the process."""
    with CaptureQueriesContext(connection) as queries:
        answer = service.raw(method, path, body)
    assert answer.status_code < 300, answer.content
    return len([each for each in queries.captured_queries if "SAVEPOINT" not in each["sql"]])


def patch_of(value: str) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": value}]}


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/Users/{user}", 3),
        ("/Groups/{group}", 4),
        ("/Users?count=4", 6),
        ("/Users?count=100", 6),
        ("/Users?count=4&startIndex=9", 6),
        ("/Users?filter=" + quote('userName eq "person3"'), 3),
        ("/Users?count=5&filter=" + quote('emails.value co "example" and displayName sw "p"'), 5),
        ("/Groups?count=2", 6),
        ("/Users?attributes=userName", 5),
    ],
)
def test_reading(hr: Service, people: list[str], path: str, most: int) -> None:
    group = hr.get("/Groups").resources[0]["id"]
    assert cost(hr, "GET", path.format(user=people[3], group=group)) <= most


def test_pages_cost_the_same_however_long_they_are(hr: Service, people: list[str]) -> None:
    assert cost(hr, "GET", "/Users?count=2") == cost(hr, "GET", "/Users?count=11")
    assert cost(hr, "GET", "/Groups?count=1&startIndex=2") == cost(hr, "GET", "/Groups?count=2")


def test_writing(hr: Service, people: list[str]) -> None:
    body = {"schemas": [USER], "userName": "new", "emails": [{"value": "new@example.com"}]}
    create, patch, put, delete = (7, 7, 8, 11) if WRITES_TOGETHER else (12, 10, 11, 15)
    assert cost(hr, "POST", "/Users", body) == create
    assert cost(hr, "PATCH", f"/Users/{people[1]}", patch_of("Guide")) == patch
    assert cost(hr, "PUT", f"/Users/{people[1]}", {"schemas": [USER], "userName": "person0"}) == put
    assert cost(hr, "DELETE", f"/Users/{people[2]}") == delete


def test_members_cost_the_same_however_many_there_are(hr: Service, people: list[str]) -> None:
    small, large = hr.create_group("small")["id"], hr.create_group("large", *people[1:9])["id"]
    costs = []
    for group, members in ((small, people[9:10]), (large, people[10:12])):
        operation = {"op": "add", "path": "members", "value": [{"value": member} for member in members]}
        costs.append(cost(hr, "PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation]}))
    assert costs == ([6, 6] if WRITES_TOGETHER else [11, 11])
