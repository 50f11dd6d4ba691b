"""Cursors (RFC 9865) and queries across resource types."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identities.actions.users.arguments import NewUser, UserAttributes
from identities.models import ApiClient, User
from identities.scim.endpoints import answer
from identities.scim.limits import CURSOR_SECONDS
from tests.identities.scim.people import associate_new
from tests.identities.scim.service import Answer, Service, new_service

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
Writes = list[tuple[str, int]]


def walk(service: Service, path: str = "/Users", key: str = "nextCursor", **parameters: Any) -> Iterator[Answer]:
    """The pages from a cursor on; without one from the beginning."""
    cursor: str | None = parameters.pop("cursor", "")
    while cursor is not None:
        found = service.get(f"{path}?{urlencode(parameters | {'cursor': cursor})}")
        assert found.status == 200, found.body
        yield found
        cursor = found.body.get(key)


def names(answers: Iterator[Answer] | list[Answer]) -> list[str]:
    return [each.get("userName") or each["displayName"] for page in answers for each in page.resources]


@pytest.fixture
def five(hr: Service) -> Service:
    for name in "abcde":
        hr.create_user(name, title=name if name in "bd" else "")
    return hr


@pytest.mark.parametrize("parameters", [{}, {"sortBy": "title"}, {"sortBy": "userName", "sortOrder": "descending"}])
def test_cursors_lead_through_all_pages_and_back(five: Service, parameters: dict[str, str]) -> None:
    everybody = names([five.get("/Users?" + urlencode(parameters))])
    pages = list(walk(five, count=2, **parameters))
    assert [len(each.resources) for each in pages] == [2, 2, 1]
    assert names(pages) == everybody
    assert all(each.body["totalResults"] == 5 and "startIndex" not in each.body for each in pages)
    assert "previousCursor" not in pages[0].body
    back = list(walk(five, key="previousCursor", cursor=pages[2].body["previousCursor"], count=2, **parameters))
    assert [names([each]) for each in back] == [everybody[2:4], everybody[:2]]
    assert names(walk(five, cursor=back[1].body["nextCursor"], count=2, **parameters)) == everybody[2:]


def test_a_page_whose_neighbours_are_gone(five: Service) -> None:
    first, second, _ = walk(five, count=2)
    for each in first.resources:
        five.delete(f"/Users/{each['id']}")
    [empty, *_] = walk(five, cursor=second.body["previousCursor"], count=2)
    assert (empty.resources, "previousCursor" in empty.body) == ([], False)
    assert names(walk(five, cursor=empty.body["nextCursor"], count=2)) == ["c", "d", "e"]
    [last] = five.find('userName eq "e"').resources
    five.delete(f"/Users/{last['id']}")
    assert names(walk(five, cursor=second.body["nextCursor"], count=2)) == []


def test_searches_page_by_cursor(five: Service) -> None:
    request = {"schemas": [SEARCH], "filter": "userName pr", "count": 4, "cursor": ""}
    first = five.post("/Users/.search", request)
    assert names([first]) == ["a", "b", "c", "d"]
    rest = five.post("/Users/.search", request | {"cursor": first.body["nextCursor"]})
    assert names([rest]) == ["e"]
    assert "nextCursor" not in rest.body


def test_a_cursor_is_good_for_one_query_of_one_client(five: Service, other: Service) -> None:
    cursor = next(walk(five, count=2)).body["nextCursor"]

    def refusal(service: Service, path: str, **parameters: Any) -> Any:
        refused = service.get(f"{path}?{urlencode(parameters)}")
        return refused.status, refused.body.get("scimType")

    assert refusal(five, "/Users", cursor=cursor, count=2) == (200, None)
    assert refusal(five, "/Users", cursor=cursor, count=2, attributes="userName") == (200, None)
    invalid = (400, "invalidCursor")
    assert refusal(other, "/Users", cursor=cursor, count=2) == invalid
    assert refusal(five, "/Groups", cursor=cursor, count=2) == invalid
    assert refusal(five, "", cursor=cursor, count=2) == invalid
    assert refusal(five, "/Users", cursor=cursor, count=2, filter="title pr") == invalid
    assert refusal(five, "/Users", cursor=cursor, count=2, sortBy="title") == invalid
    assert refusal(five, "/Users", cursor=cursor[:-1] + "~", count=2) == invalid
    assert refusal(five, "/Users", cursor="nonsense", count=2) == invalid
    assert refusal(five, "/Users", cursor=cursor, count=3) == (400, "invalidCount")
    assert refusal(five, "/Users", cursor="", count="many") == (400, "invalidCount")
    assert refusal(five, "/Users", cursor=cursor, count=2, startIndex=2) == (400, "invalidValue")
    with time_machine.travel(timezone.now() + timedelta(seconds=CURSOR_SECONDS + 1)):
        assert refusal(five, "/Users", cursor=cursor, count=2) == (400, "expiredCursor")


def test_what_a_cursor_looks_like(five: Service) -> None:
    first = next(walk(five, count=1, sortBy="userName"))
    cursor = first.body["nextCursor"]
    # An address takes it as it is (RFC 3986 section 2.3).
    assert quote(cursor, safe="") == cursor
    counted = five.get("/Users?cursor&count=0").body
    assert (counted["totalResults"], counted["Resources"]) == (5, [])
    assert "nextCursor" not in counted
    assert next(walk(five, count=-1)).resources == []


def test_the_configuration_says_how_pages_are_turned(hr: Service) -> None:
    assert hr.get("/ServiceProviderConfig").body["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 200,
        "cursorTimeout": CURSOR_SECONDS,
    }


def test_a_query_on_the_base_address_goes_through_all_types(five: Service) -> None:
    five.create_group("b")
    five.create_group("z")
    everything = ["a", "b", "c", "d", "e", "b", "z"]
    for path in ("", "/"):
        assert names([five.get(path)]) == everything
    assert names(walk(five, "/", count=3)) == everything
    last = list(walk(five, "/", count=3))[-1]
    back = walk(five, "/", key="previousCursor", cursor=last.body["previousCursor"], count=3)
    assert [names([each]) for each in back] == [everything[3:6], everything[:3]]
    assert names([five.get("/?startIndex=5&count=2")]) == ["e", "b"]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('meta.resourceType eq "Group"', ["b"]),
        ('META.ResourceType ne "Group"', ["a", "b", "c", "d", "e"]),
        ('meta.resourceType sw "U" and title pr', ["b", "d"]),
        # What a type does not have is absent there (RFC 7644 section 3.4.2.1).
        ('userName eq "a" or displayName eq "b"', ["a", "b"]),
        ('not (userName pr) or userName eq "a"', ["a", "b"]),
        ("userName eq null", ["b"]),
        ('userName ne "a"', ["b", "c", "d", "e", "b"]),
        ('members[type eq "User"]', []),
    ],
)
def test_a_filter_on_all_types(five: Service, filter_: str, found: list[str]) -> None:
    five.create_group("b")
    assert names([five.get("/?filter=" + quote(filter_))]) == found


def test_what_no_type_has_is_refused(five: Service) -> None:
    five.create_group("a group")
    assert five.get("/?filter=" + quote('nonsense eq "x"')).body["scimType"] == "invalidFilter"
    assert five.get("/?sortBy=nonsense").body["scimType"] == "invalidPath"
    assert names([five.get("/?sortBy=userName&sortOrder=descending")]) == ["e", "d", "c", "b", "a", "a group"]


def person(number: int) -> NewUser:
    titles = ("", "Guide", "guide", "Cook")
    return NewUser(UserAttributes({"user_name": f"p{number}", "title": titles[number % 4]}))


def add(client: ApiClient, numbers: range) -> list[UUID]:
    return associate_new(client, [person(number) for number in numbers])


def write(client: ApiClient, writes: Writes, ids: list[UUID], gone: set[UUID]) -> None:
    """What others do between two pages. `gone`: who is deleted or stands elsewhere since."""
    for what, which in writes:
        pk = ids[which % len(ids)]
        if what == "add":
            taken = User.objects.count()
            add(client, range(taken, taken + 1))
            continue
        if what == "touch":
            User.objects.filter(pk=pk).update(version=which + 1, modified_at=timezone.now())
            continue
        gone.add(pk)
        if what == "delete":
            User.objects.filter(pk=pk).update(deleted_at=timezone.now(), user_name_key=None)
        else:
            User.objects.filter(pk=pk).update(title=f"T{which}", title_key=f"t{which}")


def page(client: ApiClient, parameters: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer(parameters, client, "User").text)
    return found


WRITES = st.lists(st.tuples(st.sampled_from(["add", "touch", "delete", "retitle"]), st.integers(0, 9)), max_size=3)
SORTS = st.sampled_from([{}, {"sortBy": "title"}, {"sortBy": "title", "sortOrder": "descending"}, {"sortBy": "active"}])


@pytest.mark.database
@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(sort=SORTS, count=st.integers(1, 3), writes=st.lists(WRITES, min_size=12, max_size=12))
def test_cursors_neither_pass_over_nor_repeat_while_others_write(
    sort: dict[str, str], count: int, writes: list[Writes]
) -> None:
    """Forward to the end and back to the beginning: whoever stays is there exactly once each time."""
    with transaction.atomic():
        client = new_service().client
        ids, gone = add(client, range(7)), set[UUID]()
        pending = iter(writes)

        def turn(key: str, cursor: str | None) -> list[dict[str, Any]]:
            pages = []
            while cursor is not None:
                pages.append(page(client, sort | {"count": count, "cursor": cursor}))
                write(client, next(pending, []), ids, gone)
                cursor = pages[-1].get(key)
            return pages

        def met(pages: list[dict[str, Any]]) -> list[UUID]:
            return [UUID(each["id"]) for one in pages for each in one["Resources"]]

        forward = turn("nextCursor", "")
        last = [one for one in forward if "previousCursor" in one][-1:]
        back = turn("previousCursor", last[0]["previousCursor"]) if last else forward[:1]
        for pages in (forward, [*last, *back]):
            seen = [pk for pk in met(pages) if pk not in gone]
            assert len(seen) == len(set(seen))
            assert set(ids) - gone <= set(seen)
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(count=st.integers(1, 3), additions=st.lists(st.integers(0, 2), min_size=9, max_size=9))
def test_index_pages_in_their_own_order_stay_exact_while_others_add_and_change(
    count: int, additions: list[int]
) -> None:
    """New objects come last and changes move nobody. (After a deletion the numbers of those behind are others.)"""
    with transaction.atomic():
        client = new_service().client
        ids, seen = add(client, range(7)), list[UUID]()
        for start, added in zip(range(1, 8, count), additions, strict=False):
            found = page(client, {"startIndex": start, "count": count})
            seen += [UUID(each["id"]) for each in found["Resources"]]
            add(client, range(100 * start, 100 * start + added))
            write(client, [("touch", start), ("retitle", start)], ids, set())
        assert seen[:7] == ids
        transaction.set_rollback(True)
