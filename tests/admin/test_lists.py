"""What is done from the lists, and what they say: questions before many are changed, words instead of codes."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from connectors.models import Link
from connectors.vocabulary import LinkState
from identities.models import AuditEntry, Suspension, User
from tests.admin.conftest import signed_in
from tests.admin.world import World

pytestmark = pytest.mark.django_db
PEOPLE = reverse("admin:identities_user_changelist")


def test_many_are_suspended_only_for_a_reason(world: World) -> None:
    client, chosen = signed_in(world.operator), world.people[1:3]
    sent = {"action": "suspend_chosen", "_selected_action": [str(each.pk) for each in chosen]}

    asked = client.post(PEOPLE, {**sent, "index": "0"}).content.decode()
    assert all(str(each) in asked for each in chosen)
    client.post(PEOPLE, {**sent, "answered": "yes", "reason": ""})
    assert not Suspension.objects.filter(user__in=chosen).exists()

    client.post(PEOPLE, {**sent, "answered": "yes", "reason": "Strike"})
    assert set(Suspension.objects.filter(user__in=chosen).values_list("reason", flat=True)) == {"Strike"}
    entries = AuditEntry.objects.filter(verb="user.suspended", subject_id__in=[str(each.pk) for each in chosen])
    assert set(entries.values_list("reason", flat=True)) == {"Strike"}


def test_many_are_deleted_only_for_a_reason_and_restored_once_confirmed(world: World) -> None:
    client, chosen = signed_in(world.operator), world.people[3:5]
    people = User.objects.filter(pk__in=[each.pk for each in chosen], deleted_at=None)
    sent = {"_selected_action": [str(each.pk) for each in chosen]}

    delete = {**sent, "action": "delete_selected"}
    asked = client.post(PEOPLE, delete).content.decode()
    assert "can be restored" in asked
    client.post(PEOPLE, {**delete, "answered": "yes", "post": "yes", "reason": ""})
    assert people.count() == 2
    answer = client.post(PEOPLE, {**delete, "answered": "yes", "reason": "Twice there"}, follow=True)
    assert "Deleted: 2 people." in answer.content.decode()
    assert people.count() == 0
    entries = AuditEntry.objects.filter(verb="user.deleted", subject_id__in=[str(each.pk) for each in chosen])
    assert list(entries.values_list("reason", flat=True)) == ["Twice there"] * 2

    restore = {**sent, "action": "restore_chosen"}
    deleted = f"{PEOPLE}?deleted=yes"
    assert all(str(each) in client.post(deleted, restore).content.decode() for each in chosen)
    assert people.count() == 0
    client.post(deleted, {**restore, "answered": "yes"})
    assert people.count() == 2


def test_many_links_are_cut_only_for_a_reason_and_those_that_cannot_be_are_named(world: World) -> None:
    linked = Link.objects.filter(state=LinkState.LINKED)
    chosen = [*linked.order_by("pk")[:2], Link.objects.filter(state=LinkState.DISPUTED).earliest("pk")]
    sent = {"action": "unlink_chosen", "_selected_action": [each.pk for each in chosen], "answered": "yes"}
    links, before = reverse("admin:connectors_link_changelist"), linked.count()
    client = signed_in(world.operator)
    client.post(links, {**sent, "reason": ""})
    assert linked.count() == before
    answer = client.post(links, {**sent, "reason": "Moved"}, follow=True).content.decode()
    assert "Done for 2 links." in answer
    assert "is not linked to an account" in answer
    assert linked.count() == before - 2


def test_removing_a_system_at_once_leads_to_the_list_and_says_so(world: World) -> None:
    system = world.systems[-1]
    page = reverse("admin:connectors_connectedsystem_do", args=[system.pk, "delete"])
    answer = signed_in(world.superuser).post(page, {"policy": "leave", "name": system.name}, follow=True)
    assert answer.redirect_chain == [(reverse("admin:connectors_connectedsystem_changelist"), 302)]
    assert f"{system.name} is being removed." in answer.content.decode()


def test_every_row_of_a_list_leads_to_its_page(world: World) -> None:
    client = signed_in(world.superuser)
    for model in ("connectors_link", "connectors_operation", "connectors_run", "identities_auditentry"):
        page = client.get(reverse(f"admin:{model}_changelist")).content.decode()
        assert "</a></a>" not in page, model
        assert re.search(rf'<th[^>]*>\s*<a href="/admin/{model.replace("_", "/")}/[^"]+/change/[^>]*>[^<]+</a>', page)


def test_a_list_without_anything_says_what_to_do(world: World) -> None:
    client = signed_in(world.superuser)
    found = client.get(PEOPLE, {"q": "nobody at all"}).content.decode()
    assert "Nothing fits" in found
    nothing = client.get(reverse("admin:identities_group_changelist"), {"deleted": "yes"}).content.decode()
    assert "Show all" in nothing


def test_the_audit_trail_speaks_of_names_and_not_of_ids(world: World) -> None:
    client = signed_in(world.auditor)
    manager = world.people[0]
    record = reverse("admin:identities_user_override", args=[world.person.pk, "manager"])
    sent = {"value": manager.user_name, "reason": "Asked for"}
    assert signed_in(world.superuser).post(record, sent).status_code == 302
    history = client.get(reverse("admin:identities_user_section", args=[world.person.pk, "history"])).content.decode()
    assert "User value overridden" in history
    assert str(manager) in history
    assert f"<ins>{manager.pk}</ins>" not in history
