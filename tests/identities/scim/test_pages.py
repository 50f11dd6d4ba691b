"""Pages from either end, and the number of people that is tallied."""

import pytest
from django.db import connection

from identities.actions.lifecycle import delete_user, restore_user
from identities.actors import command_actor
from identities.scim.callers.visibility import own_users
from identities.scim.reading.asked import number_of_users
from tests.identities.scim.service import Service

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_pages_from_either_end_are_the_same_list(hr: Service) -> None:
    made = [hr.create_user(f"user{number}")["id"] for number in range(7)]
    for count in (1, 2, 3, 5, 7, 9):
        found = []
        for start in range(1, 9, count):
            answer = hr.get(f"/Users?startIndex={start}&count={count}")
            assert answer.body["totalResults"] == 7
            found += [each["id"] for each in answer.resources]
        assert found == made, count


def test_the_tally_follows_whatever_happens(hr: Service, other: Service) -> None:
    if connection.vendor != "postgresql":
        assert hr.get("/Users").body["totalResults"] == 0
        return

    def check(expected: int) -> None:
        hr.client.__dict__.pop("_statements", None)
        assert number_of_users(hr.client) == own_users(hr.client).count() == expected

    people = [hr.create_user(f"user{number}")["id"] for number in range(4)]
    other.create_user("stranger")
    check(4)
    hr.delete(f"/Users/{people[0]}")
    check(3)
    delete_user(own_users(hr.client).get(pk=people[1]), actor=command_actor())
    check(2)
    restore_user(own_users(hr.client).model.objects.get(pk=people[1]), actor=command_actor())
    check(3)
    hr.client.associations.filter(user_id=people[2]).delete()
    check(2)
