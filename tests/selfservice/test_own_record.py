"""The start page: a person's own record, read-only, and nobody else's."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from identities.actions import lifecycle, memberships
from tests.factories import actor, make_group, make_operator, make_org_unit, make_person
from tests.selfservice.people import person_with_password, signed_in

pytestmark = pytest.mark.django_db


def test_nobody_sees_nothing_and_is_asked_to_sign_in(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("account_login"))


def test_a_person_sees_what_is_known_about_them() -> None:
    boss = make_person(display_name="Grace Hopper")
    unit, group = make_org_unit("Engines"), make_group("Analysts")
    person = person_with_password(
        "ada",
        given_name="Ada",
        family_name="<b>Lovelace</b>",
        title="Analyst",
        manager=boss,
        org_unit=unit,
        end_date=date(2999, 1, 2),
        emails=[{"value": "ada@example.org"}, {"value": "ada@home.example"}],
    )
    memberships.add_members(group, [person], actor=actor())
    text = signed_in(person).get("/").content.decode()
    for shown in ("Analyst", "Grace Hopper", "Engines", "Analysts", "ada@example.org", "ada@home.example", "2999"):
        assert shown in text
    assert "&lt;b&gt;Lovelace" in text
    assert "<b>Lovelace" not in text


def test_only_their_own_whatever_is_asked_for() -> None:
    other = make_person(title="Somebody else's title")
    client = signed_in(person_with_password())
    for query in ("", f"?id={other.pk}", f"?user={other.user_name}", f"?pk={other.pk}"):
        assert "Somebody else" not in client.get(f"/{query}").content.decode()
    assert client.get(f"/{other.pk}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_cannot_be_written(method: str) -> None:
    assert getattr(signed_in(person_with_password()), method)("/", {"title": "Boss"}).status_code == 405


def test_a_deleted_manager_or_group_is_not_shown() -> None:
    boss, group = make_person(display_name="Gone Boss"), make_group("Gone Group")
    person = person_with_password(manager=boss)
    memberships.add_members(group, [person], actor=actor())
    lifecycle.delete_user(boss, actor=actor())
    assert "Gone Boss" not in signed_in(person).get("/").content.decode()


def test_an_operator_sees_theirs_too() -> None:
    page = signed_in(make_operator("root")).get("/")
    assert page.status_code == 200
    assert 'href="/admin/"' in page.content.decode()


def test_a_person_is_not_shown_the_way_to_the_admin() -> None:
    client = signed_in(person_with_password())
    assert "/admin/" not in client.get("/").content.decode()
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/"
