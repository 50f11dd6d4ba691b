"""Administrators, their roles, passwords and sign-ins."""

import pytest
from django.contrib.auth.models import Group as AdministratorRole

from identities.actions import administrators, credentials, lifecycle, users
from identities.actors import self_actor
from identities.errors import Conflict, NotPermitted, RuleViolation
from identities.models import AuditEntry, ChangeEvent, User
from identities.vocabulary import Role, UserKind
from tests.factories import PASSWORD, acting, actor, client_actor, make_client, make_operator, make_person

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_operator_signs_in_with_a_password_to_be_changed() -> None:
    operator = administrators.create_operator("root", PASSWORD, Role.SUPERUSER, actor=actor())
    stored = fresh(operator)
    assert stored.check_password(PASSWORD)
    assert (stored.kind, stored.is_superuser, stored.is_staff) == (UserKind.OPERATOR, True, True)
    assert stored.must_change_password
    entry = AuditEntry.objects.get(verb="user.created")
    assert entry.changes["role"] == [None, "superuser"]
    assert PASSWORD not in str(list(AuditEntry.objects.values()))
    with pytest.raises(Conflict):
        administrators.create_operator("Root", PASSWORD, Role.AUDITOR, actor=actor())
    with pytest.raises(RuleViolation) as refusal:
        administrators.create_operator("other", "password", Role.AUDITOR, actor=actor())
    assert refusal.value.code == "weak_password"


def test_roles_permit_what_they_say() -> None:
    auditor, operator = make_operator(role=Role.AUDITOR), make_operator(role=Role.OPERATOR)
    seen = auditor.get_all_permissions()
    assert "identities.view_user" in seen
    assert "identities.view_auditentry" in seen
    assert "connectors.view_operation" in seen
    assert all(permission.partition(".")[2].startswith("view_") for permission in seen)
    done = operator.get_all_permissions()
    assert {"identities.change_user", "identities.add_group", "connectors.change_operation"} <= done
    for kept in ("administrator", "apiclient", "apitoken", "auditentry", "auditseal"):
        assert {each for each in done if each.endswith(f"_{kept}")} == {f"identities.view_{kept}"}


def test_setting_up_the_roles_again_changes_nothing_and_mends_what_was_changed() -> None:
    roles = administrators.ensure_roles(actor=actor())
    entries = AuditEntry.objects.count()
    administrators.ensure_roles(actor=actor())
    assert AuditEntry.objects.count() == entries
    AdministratorRole.objects.get(name=Role.AUDITOR).permissions.clear()
    administrators.ensure_roles(actor=actor())
    assert roles[Role.AUDITOR].permissions.exists()
    assert AuditEntry.objects.count() == entries + 1


def test_only_superusers_make_administrators() -> None:
    superuser, operator = make_operator(), make_operator(role=Role.OPERATOR)
    with pytest.raises(NotPermitted):
        administrators.create_operator("more", PASSWORD, Role.SUPERUSER, actor=acting(operator))
    with pytest.raises(NotPermitted):
        administrators.set_role(operator, Role.SUPERUSER, actor=acting(operator))
    with pytest.raises(NotPermitted):
        credentials.set_password(superuser, PASSWORD + "!", actor=acting(operator))
    administrators.create_operator("more", PASSWORD, Role.SUPERUSER, actor=acting(superuser))
    lifecycle.suspend_user(superuser, actor=actor())
    with pytest.raises(NotPermitted):
        administrators.create_operator("yet", PASSWORD, Role.SUPERUSER, actor=acting(superuser))


def test_the_last_superuser_keeps_the_role() -> None:
    operator = make_operator()
    with pytest.raises(RuleViolation) as refusal:
        administrators.set_role(operator, Role.AUDITOR, actor=actor())
    assert refusal.value.code == "last_superuser"
    make_operator()
    changed = administrators.set_role(operator, Role.AUDITOR, actor=actor())
    assert administrators.role_of(fresh(changed)) == Role.AUDITOR
    assert AuditEntry.objects.latest("pk").changes == {"role": ["superuser", "auditor"]}
    entries = AuditEntry.objects.count()
    administrators.set_role(operator, Role.AUDITOR, actor=actor())
    assert AuditEntry.objects.count() == entries
    with pytest.raises(RuleViolation):
        administrators.set_role(make_person(), Role.AUDITOR, actor=actor())


def test_a_new_password_ends_sessions_and_leaves_nothing_of_itself() -> None:
    person = make_person()
    assert not person.has_usable_password()
    before = person.get_session_auth_hash()
    events = ChangeEvent.objects.count()
    changed = credentials.set_password(person, PASSWORD, actor=self_actor(person.pk, "me"))
    stored = fresh(person)
    assert stored.check_password(PASSWORD)
    assert stored.session_epoch == 1
    assert changed.get_session_auth_hash() == stored.get_session_auth_hash() != before
    assert ChangeEvent.objects.count() == events
    entry = AuditEntry.objects.get(verb="user.password_changed")
    assert entry.changes == {"password": ["changed", "changed"]}
    assert stored.password not in str(list(AuditEntry.objects.values()))
    with pytest.raises(RuleViolation):
        credentials.set_password(person, "short", actor=actor())


def test_a_one_time_password_must_be_changed() -> None:
    person = make_person()
    text = credentials.issue_one_time_password(person, actor=actor())
    stored = fresh(person)
    assert stored.check_password(text)
    assert stored.must_change_password


def test_programs_set_no_administrators_password() -> None:
    with pytest.raises(NotPermitted):
        credentials.set_password(make_operator(), PASSWORD + "!", actor=client_actor(make_client()))


def test_sign_ins_are_recorded_and_strangers_are_not() -> None:
    person = make_person("ada")
    credentials.record_sign_in(person, actor=self_actor(person.pk, "ada", "192.0.2.1"))
    credentials.record_failed_sign_in("ADA", remote_address="192.0.2.2")
    credentials.record_failed_sign_in("nobody", remote_address="192.0.2.2")
    credentials.record_failed_sign_in("a\x00b", remote_address=None)
    entries = list(AuditEntry.objects.order_by("pk").values_list("verb", "remote_addr", "actor_id"))[1:]
    assert entries == [("user.signed_in", "192.0.2.1", person.pk), ("user.sign_in_failed", "192.0.2.2", None)]


def test_new_people_of_a_deleted_ones_name_have_no_password() -> None:
    person = make_person("ada")
    credentials.set_password(person, PASSWORD, actor=actor())
    lifecycle.delete_user(person, actor=actor())
    assert not fresh(make_person("ada")).has_usable_password()
    assert users.update_user(make_person("bob"), actor=actor(), changes={"title": "x"}).changed == ("title",)
