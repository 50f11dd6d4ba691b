"""Values that others own are locked, overridden with a reason, and let go of; refusals are told on the page."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from identities.actions import attribute_definitions, lifecycle, users
from identities.actors import ADMIN_ORIGIN, file_actor
from identities.models import AttributeDefinition, AuditEntry, MultiValue, User
from tests.admin.conftest import signed_in
from tests.factories import actor, make_group, make_operator, make_person

pytestmark = pytest.mark.django_db
HR = file_actor("hr")


@pytest.fixture
def client() -> Client:
    return signed_in(make_operator())


def _sent(client: Client, person: User) -> dict[str, Any]:
    """What the page of a person would send if nothing was touched."""
    page = client.get(reverse("admin:identities_user_change", args=[person.pk]))
    forms = [page.context["adminform"].form]
    sent: dict[str, Any] = {}
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for field in form:
            if not field.field.disabled and field.value() not in (None, False):
                sent[field.html_name] = field.value()
    return sent


def _override(client: Client, person: User, what: str, **sent: Any) -> int:
    address = reverse("admin:identities_user_override", args=[person.pk, what])
    assert client.get(address).status_code == 200
    return client.post(address, sent).status_code


def test_a_row_of_somebody_else_is_not_removed_in_passing(client: Client) -> None:
    person = make_person(by=HR, title="x", emails=[{"value": "a@x.test", "primary": True}])
    users.update_user(person, actor=HR, multi_values={"phoneNumbers": [{"value": "1"}]})
    sent = _sent(client, person)
    removed = {f"multi_values-{number}-DELETE": "on" for number in range(2)}
    forged = {"multi_values-0-value": "evil@x.test", "title": "y", "nick_name": "Al"}
    answer = client.post(reverse("admin:identities_user_change", args=[person.pk]), sent | removed | forged)
    assert answer.status_code == 302
    stored = User.objects.get(pk=person.pk)
    assert (stored.title, stored.nick_name) == ("x", "Al")
    assert sorted(stored.multi_values.values_list("value", "origin")) == [("1", HR.origin), ("a@x.test", HR.origin)]


def test_a_row_is_overridden_and_removed_with_a_reason(client: Client) -> None:
    person = make_person(by=HR, emails=[{"value": "a@x.test", "primary": True}, {"value": "b@x.test"}])
    first, second = MultiValue.objects.filter(user=person).order_by("position")
    page = client.get(reverse("admin:identities_user_change", args=[person.pk])).content.decode()
    assert reverse("admin:identities_user_override", args=[person.pk, f"emails.{second.pk}"]) in page
    assert 'name="multi_values-0-DELETE"' not in page, "locked with the value"
    assert _override(client, person, f"emails.{second.pk}", value="c@x.test", primary="on") == 200, "no reason"
    assert _override(client, person, f"emails.{second.pk}", value="no address", reason="z") == 200
    assert set(person.multi_values.values_list("origin", flat=True)) == {HR.origin}
    sent = {"value": "c@x.test", "type": "work", "primary": "on", "reason": "moved"}
    assert _override(client, person, f"emails.{second.pk}", **sent) == 302
    rows = person.multi_values.order_by("position").values_list("value", "type", "primary", "origin")
    assert list(rows) == [("a@x.test", "", False, HR.origin), ("c@x.test", "work", True, ADMIN_ORIGIN)]
    assert _override(client, person, f"emails.{first.pk}", value="a@x.test", remove="on", reason="left") == 302
    assert [row.value for row in person.multi_values.all()] == ["c@x.test"]
    entries = AuditEntry.objects.filter(verb="user.value_overridden").order_by("pk")
    assert [entry.reason for entry in entries] == ["moved", "left"]
    for gone in (f"emails.{first.pk}", "emails.x", "emails"):
        assert client.get(reverse("admin:identities_user_override", args=[person.pk, gone])).status_code == 404


def test_values_are_let_go_of_and_belong_to_the_next_writer(client: Client) -> None:
    attribute_definitions.create_attribute_definition("badge_no", actor=actor(), label="Badge number")
    typed = {"title": "typed", "department": "typed", "custom.badge_no": "7"}
    person = make_person(emails=[{"value": "a@x.test", "primary": True}], **typed)
    address = reverse("admin:identities_user_do", args=[person.pk, "release"])
    page = client.get(reverse("admin:identities_user_change", args=[person.pk])).content.decode()
    assert address in page
    offered = dict(client.get(address).context["form"].fields["attributes"].choices)
    assert set(offered) == {"user_name", "title", "department", "custom.badge_no", "emails.primary"}
    assert (offered["title"], offered["custom.badge_no"]) == ("Job title", "Badge number")
    assert client.post(address, {"attributes": ["manager"]}).status_code == 200, "not theirs to let go of"
    assert client.post(address, {"attributes": ["title", "emails.primary"]}).status_code == 302
    result = users.update_user(person, actor=HR, changes={"title": "filed", "department": "filed"})
    assert (result.changed, result.kept) == (("title",), ("department",))
    filed = make_person(by=HR)
    page = client.get(reverse("admin:identities_user_change", args=[filed.pk])).content.decode()
    assert reverse("admin:identities_user_do", args=[filed.pk, "release"]) not in page


def test_a_suspension_of_a_client_that_is_gone_is_lifted_with_a_reason(client: Client) -> None:
    person = make_person(by=HR)
    lifecycle.suspend_user(person, actor=HR)
    address = reverse("admin:identities_user_do", args=[person.pk, "lift_all"])
    assert address in client.get(reverse("admin:identities_user_change", args=[person.pk])).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 200
    assert not User.objects.get(pk=person.pk).active
    assert client.post(address, {"reason": "HR left"}).status_code == 302
    assert User.objects.get(pk=person.pk).active
    assert AuditEntry.objects.latest("pk").reason == "HR left"


def test_a_refused_deletion_of_several_deletes_none_and_says_why(client: Client) -> None:
    badge = attribute_definitions.create_attribute_definition("badge", actor=actor())
    make_person(**{"custom.badge": "7"})
    superuser = User.objects.get(is_superuser=True)
    for model, chosen, reason in (
        ("attributedefinition", [badge], "have a value"),
        ("administrator", [superuser], "last superuser"),
    ):
        address = reverse(f"admin:identities_{model}_changelist")
        sent = {"action": "delete_selected", "_selected_action": [str(each.pk) for each in chosen]}
        sent |= {"answered": "yes", "reason": "because"}
        answer = client.post(address, sent)
        assert (answer.status_code, answer["Location"]) == (302, address)
        told = list(get_messages(answer.wsgi_request))[-1]
        assert (told.level_tag, reason in told.message) == ("error", True)
    assert AttributeDefinition.objects.exists()
    assert User.objects.get(pk=superuser.pk).deleted_at is None


def test_one_is_deleted_like_several_for_a_reason_and_a_refusal_stands_on_the_page(client: Client) -> None:
    group, person = make_group(), make_person()
    for model, one in (("user", person), ("group", group)):
        address = reverse(f"admin:identities_{model}_delete", args=[one.pk])
        assert 'name="reason"' in client.get(address).content.decode()
        assert client.post(address, {"post": "yes", "reason": ""}).status_code == 200
        assert type(one).objects.get(pk=one.pk).deleted_at is None
        assert client.post(address, {"reason": "Twice there"})["Location"].endswith("/")
        assert type(one).objects.get(pk=one.pk).deleted_at is not None
        assert AuditEntry.objects.filter(subject_id=str(one.pk)).latest("pk").reason == "Twice there"
    assert client.get(reverse("admin:identities_user_delete", args=[group.pk])).status_code == 404
