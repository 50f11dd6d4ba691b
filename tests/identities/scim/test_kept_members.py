"""The members of a group are kept as text; what is kept is never out of date."""

from uuid import UUID

import pytest

from identities.actions.users import update_user
from identities.actors import scim_actor
from identities.models import ApiClient, Group
from identities.scim.in_process import undone
from identities.scim.reading import members
from tests.identities.scim.service import Service

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def names(service: Service, group: str) -> list[str]:
    return sorted(each["display"] for each in service.get(f"/Groups/{group}").body.get("members", []))


def test_the_second_reading_reads_no_member(hr: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    group = hr.create_group("Guides", hr.create_user("anna")["id"])["id"]
    first = hr.get(f"/Groups/{group}")
    monkeypatch.setattr(members, "_members", None)
    assert hr.get(f"/Groups/{group}").body == first.body


def test_a_member_who_is_renamed_is_renamed_at_once(hr: Service) -> None:
    anna = hr.create_user("anna", displayName="Anna Alt")["id"]
    inner = hr.create_group("Inner")["id"]
    group = hr.create_group("Guides", anna, inner)["id"]
    assert names(hr, group) == ["Anna Alt", "Inner"]
    hr.patch(f"/Users/{anna}", {"op": "replace", "path": "displayName", "value": "Anna Neu"})
    assert names(hr, group) == ["Anna Neu", "Inner"]
    hr.patch(f"/Groups/{inner}", {"op": "replace", "path": "displayName", "value": "Innermost"})
    assert names(hr, group) == ["Anna Neu", "Innermost"]
    # Nothing of that is a change of the group.
    assert Group.objects.get(pk=group).version == 1


def test_every_reader_sees_its_own_members(hr: Service, other: Service) -> None:
    anna, bert = hr.create_user("anna")["id"], hr.create_user("bert")["id"]
    group = hr.create_group("Guides", anna, bert)["id"]
    assert names(hr, group) == ["anna", "bert"]
    assert other.get(f"/Groups/{group}").status == 404
    hr.delete(f"/Users/{bert}")
    assert names(hr, group) == ["anna"]
    hr.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": hr.create_user("cleo")["id"]}]})
    assert names(hr, group) == ["anna", "cleo"]


def test_texts_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "KEPT_CHARACTERS", 10)
    kept = members.MemberTexts()
    kept.keep("a", "12345")
    kept.keep("b", "12345")
    assert kept.find("a") == "12345"
    kept.keep("c", "12345")
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == ("12345", None, "12345")
    kept.keep("d", "12345678901")
    assert kept.find("d") is None


def test_what_is_undone_is_not_kept(hr: Service) -> None:
    anna, bert = hr.create_user("anna")["id"], hr.create_user("bert")["id"]
    group = hr.create_group("Guides")["id"]

    def add(member: str) -> None:
        hr.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": member}]})

    with undone():
        add(anna)
        assert names(hr, group) == ["anna"]
    # The group's version and stamp are now what they were with Anna in it.
    add(bert)
    assert names(hr, group) == ["bert"]


def test_whoever_leaves_the_bounds_is_seen_no_more(hr: Service) -> None:
    anna, bert = (hr.create_user(name, title="Guide")["id"] for name in ("anna", "bert"))
    group = hr.create_group("Guides", anna, bert)["id"]
    ApiClient.objects.filter(pk=hr.client.pk).update(bounds='title eq "Guide"')
    assert names(hr, group) == ["anna", "bert"]
    hr_actor = scim_actor(hr.client.pk, hr.client.name)
    update_user(UUID(anna), actor=hr_actor, changes={"title": "Cook"})
    assert names(hr, group) == ["bert"]
