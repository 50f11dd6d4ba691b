"""What filters and mappings see."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.actions import attribute_definitions, lifecycle, memberships
from identities.errors import NotFound
from identities.filters.match import matches
from identities.filters.parse import parse
from identities.models import User
from identities.queries.document import load_documents, load_group_documents
from identities.queries.people import person_called
from tests.factories import actor, make_group, make_org_unit, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def document(user: User) -> dict[str, Any]:
    return load_documents([user.pk])[user.pk]


def test_a_document_is_the_scim_form_and_what_belongs_to_it() -> None:
    attribute_definitions.create_attribute_definition("badge", actor=actor())
    company = make_org_unit("Company")
    labs = make_org_unit("Labs", parent=company)
    boss = make_person("boss", display_name="Boss", employee_number="1", emails=[{"value": "boss@x.test"}])
    person = make_person(
        "ada",
        given_name="Ada",
        employee_number="2",
        manager=boss,
        org_unit=labs,
        emails=[{"value": "b@x.test"}, {"value": "a@x.test", "primary": True}],
        **{"custom.badge": "17"},
    )
    inner, outer = make_group("Inner"), make_group("Outer")
    memberships.add_members(inner, [person], actor=actor())
    memberships.add_members(outer, [inner], actor=actor())
    seen = document(person)
    assert (seen["id"], seen["userName"], seen["name"]["givenName"]) == (str(person.pk), "ada", "Ada")
    assert (seen["enterprise"]["employeeNumber"], seen["custom"], seen["primary_email"]) == (
        "2",
        {"badge": "17"},
        "a@x.test",
    )
    assert seen["manager"] == {
        "id": str(boss.pk),
        "userName": "boss",
        "displayName": "Boss",
        "primary_email": "boss@x.test",
        "employeeNumber": "1",
    }
    direct = {"id": str(inner.pk), "value": str(inner.pk), "display": "Inner", "type": "direct"}
    assert seen["groups"] == [direct]
    assert [(each["display"], each["type"]) for each in seen["all_groups"]] == [
        ("Inner", "direct"),
        ("Outer", "indirect"),
    ]
    assert seen["org_unit"] == {
        "id": str(labs.pk),
        "code": "Labs",
        "name": "Labs",
        "path": ["Company", "Labs"],
        "codes": ["Company", "Labs"],
    }
    assert matches(parse('manager.displayName eq "boss" and groups.display eq "inner"', "User"), seen)


def test_what_is_not_there_is_null() -> None:
    seen = document(make_person())
    assert (seen["manager"], seen["org_unit"], seen["groups"], seen["primary_email"]) == (None, None, [], None)
    boss = make_person()
    person = make_person(manager=boss)
    lifecycle.delete_user(boss, actor=actor())
    assert document(person)["manager"] is None
    assert load_documents([uuid4()]) == {}
    assert load_documents([]) == {}


def test_deleted_people_have_a_document_too() -> None:
    person = make_person("ada")
    lifecycle.delete_user(person, actor=actor())
    assert (document(person)["userName"], document(person)["active"]) == ("ada", False)


def test_an_outdated_rendering_is_rendered_anew() -> None:
    person = make_person("ada")
    User.objects.filter(pk=person.pk).update(rendering_version=0, scim_text="{}")
    assert document(person)["userName"] == "ada"


def test_the_number_of_statements_does_not_depend_on_the_number_of_people() -> None:
    boss, unit, group = make_person(), make_org_unit(), make_group()
    people = [make_person(manager=boss, org_unit=unit, emails=[{"value": "a@x.test"}]) for _ in range(20)]
    memberships.add_members(group, people, actor=actor())

    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(load_documents([person.pk for person in people[:number]])) == number
        return len(captured)

    assert statements(1) == statements(20) <= 7


def test_group_documents(django_assert_num_queries: Any) -> None:
    groups = [make_group("Editors", description="who edit"), make_group("Writers")]
    with django_assert_num_queries(1):
        seen = load_group_documents([group.pk for group in groups])
    assert [(seen[group.pk]["displayName"], seen[group.pk]["description"]) for group in groups] == [
        ("Editors", "who edit"),
        ("Writers", None),
    ]


def test_people_are_called_by_name_or_id() -> None:
    person = make_person("ada")
    assert person_called("ADA") == person_called(str(person.pk)) == person
    lifecycle.delete_user(person, actor=actor())
    assert person_called(str(person.pk)) == person
    for nobody in ("ada", "", "a\x00", str(uuid4())):
        with pytest.raises(NotFound):
            person_called(nobody)
