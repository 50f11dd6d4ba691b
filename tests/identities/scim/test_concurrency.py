"""Requests at the same moment: one user per name, no member lost, no value overwritten."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from identities.actions.attribute_definitions import create_attribute_definition
from identities.actors import command_actor
from identities.models import Group, User
from identities.vocabulary import AttributeUniqueness
from tests.identities.scim.service import PATCH_OP, PORTAL, USER, Service, new_service

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hr(transactional_db: None) -> Service:
    """An RFC client whose schemas have been read already."""
    return new_service()


def at_once(tasks: list[Callable[[], int]]) -> list[int]:
    """Run the tasks in as many threads, all starting together."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], int]) -> int:
        barrier.wait()
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def patch(service: Service, path: str, operation: dict[str, Any]) -> Callable[[], int]:
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    return lambda: int(service.raw("PATCH", path, body).status_code)


def test_two_creations_of_one_name_give_one_user(hr: Service) -> None:
    for number in range(3):
        body = {"schemas": [USER], "userName": f"anna{number}"}
        statuses = at_once([lambda body=body: int(hr.raw("POST", "/Users", body).status_code) for _ in range(4)])
        assert sorted(statuses) == [201, 409, 409, 409]
    assert User.objects.count() == 3


def test_a_unique_custom_value_goes_to_one_of_those_who_want_it_at_once(hr: Service) -> None:
    create_attribute_definition("badge", actor=command_actor(), uniqueness=AttributeUniqueness.SERVER)
    people = [hr.create_user(f"u{number}")["id"] for number in range(3)]
    change = {"op": "add", "path": f"{PORTAL}:badge", "value": "7"}
    writes = [patch(hr, f"/Users/{person}", change) for person in people]
    body = {"schemas": [USER, PORTAL], "userName": "new", PORTAL: {"badge": "7"}}
    statuses = at_once([*writes, lambda: int(hr.raw("POST", "/Users", body).status_code)])
    assert sorted(statuses)[1:] == [409] * 3
    assert User.objects.filter(custom__badge="7").count() == 1


def test_a_repeated_creation_is_a_conflict(hr: Service) -> None:
    hr.create_user("anna", externalId="E1")
    answer = hr.post("/Users", {"schemas": [USER], "userName": "anna", "externalId": "E1"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert User.objects.count() == 1


def test_twenty_members_added_at_once_are_all_there(hr: Service) -> None:
    people = [hr.create_user(f"u{number}")["id"] for number in range(20)]
    group = hr.create_group("Guides")["id"]
    add = [{"op": "add", "path": "members", "value": [{"value": member}]} for member in people]
    statuses = at_once([patch(hr, f"/Groups/{group}", operation) for operation in add])
    assert statuses == [204] * 20
    assert {member["value"] for member in hr.get(f"/Groups/{group}").body["members"]} == set(people)
    assert Group.objects.get(pk=group).membership_version == 20


def test_two_entries_added_at_once_are_both_there(hr: Service) -> None:
    created = hr.create_user("anna")
    add = [{"op": "add", "path": "emails", "value": [{"value": f"a{number}@example.com"}]} for number in range(6)]
    statuses = at_once([patch(hr, f"/Users/{created['id']}", operation) for operation in add])
    assert statuses == [200] * 6
    assert len(hr.get(f"/Users/{created['id']}").body["emails"]) == 6


def test_only_one_of_two_writes_for_the_same_version_succeeds(hr: Service) -> None:
    created = hr.create_user("anna")
    path, version = f"/Users/{created['id']}", created["meta"]["version"]

    def write(title: str) -> Callable[[], int]:
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": title}]}
        return lambda: int(hr.raw("PATCH", path, body, **{"If-Match": version}).status_code)

    assert sorted(at_once([write(f"t{number}") for number in range(4)])) == [200, 412, 412, 412]
