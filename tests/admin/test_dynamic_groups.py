"""The rule of a group in the browser: seen before it is saved, confirmed when many would leave, shown when it works."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from identities.actions import memberships
from identities.actions.groups import create_group
from identities.admin import group_form
from identities.consumers import dynamic_groups
from identities.models import Group, Membership
from identities.vocabulary import GroupKind
from tests.admin.conftest import signed_in
from tests.factories import actor, make_group, make_operator, make_people, make_person

pytestmark = pytest.mark.django_db
RULE = 'title eq "Guide"'


@pytest.fixture
def browser() -> Client:
    return signed_in(make_operator())


def url(group: Group) -> str:
    return f"/admin/identities/group/{group.pk}/change/"


def post(browser: Client, address: str, rule: str, **more: str) -> Any:
    form = {"display_name": "Guides", "description": "", "kind": GroupKind.DYNAMIC, "filter_text": rule, **more}
    return browser.post(address, form)


def filled() -> Group:
    group = create_group(actor=actor(), display_name="Guides", filter_text=RULE)
    dynamic_groups.work()
    return group


def test_who_enters_is_seen_before_the_group_is_made(browser: Client) -> None:
    people = make_people(60, title="Guide")
    page = post(browser, "/admin/identities/group/add/", RULE, _preview="yes").content.decode()
    assert "60 enter, 0 leave; 60 members then." in page
    assert sum(f"/admin/identities/user/{person.pk}/change/" in page for person in people) == 50
    assert "Please correct" not in page
    assert not Group.objects.exists()
    assert post(browser, "/admin/identities/group/add/", RULE).status_code == 302
    assert Group.objects.get().filter_text == RULE


def test_a_rule_that_cannot_be_read_stands_at_its_field(browser: Client) -> None:
    group = make_group()
    for more in ({"_preview": "yes"}, {}):
        answer = post(browser, url(group), "title eq", **more)
        assert list(answer.context["adminform"].form.errors) == ["filter_text"]
    answer = post(browser, url(group), f'groups.value eq "{group.pk}"')
    assert list(answer.context["adminform"].form.errors) == ["filter_text"]
    group.refresh_from_db()
    assert group.kind == GroupKind.STATIC


def test_many_leave_only_when_their_number_is_confirmed(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_form, "LEAVING_UNASKED", 2)
    make_people(3, title="Guide")
    group = filled()
    nobody = 'title eq "Nobody"'
    for more in ({}, {"_confirmed_leaving": "2"}, {"_confirmed_leaving": "²"}):
        page = post(browser, url(group), nobody, **more).content.decode()
        assert "0 enter, 3 leave; 0 members then." in page
        assert "Save, and let 3 leave" in page
        group.refresh_from_db()
        assert group.filter_text == RULE
    assert post(browser, url(group), nobody, _confirmed_leaving="3").status_code == 302
    dynamic_groups.work()
    assert not Membership.objects.exists()


def test_the_page_says_that_members_are_computed(browser: Client) -> None:
    hand = make_person("hand")
    make_people(2, title="Guide")
    group = filled()
    page = browser.get(url(group)).content.decode()
    assert "Members are computed by the rule" in page
    assert "Add members" not in page
    assert "Remove members" not in page
    members = f"/admin/identities/group/{group.pk}/section/members/"
    assert "the rule of Guides" in browser.get(members).content.decode()
    refused = browser.post(f"/admin/identities/group/{group.pk}/do/add/", {"names": "hand"}).content.decode()
    assert "follow from its rule" in refused

    post(browser, url(group), "", kind="static")
    group.refresh_from_db()
    assert (group.kind, Membership.objects.filter(group=group).count()) == (GroupKind.STATIC, 2)
    memberships.add_members(group, [hand], actor=actor())
    post(browser, url(group), RULE)
    assert "Remove members" in browser.get(url(group)).content.decode()
