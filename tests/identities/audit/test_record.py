"""Writing the audit trail, and that nothing else does."""

from typing import Any

import pytest
from auditlog.registry import auditlog
from django.core.management import CommandError, call_command
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from identities import audit
from identities.actors import admin_actor, command_actor
from identities.audit.registry import MASK, excluded_fields, masked_fields, registry
from identities.models import Administrator, ApiToken, AuditEntry, User
from tests.factories import acting, actor, make_operator, make_person

pytestmark = pytest.mark.django_db


def test_an_entry_is_frozen_text_and_fits_auditlogs_admin() -> None:
    operator, person = make_operator("root"), make_person("ada", display_name="Ada")
    by = admin_actor(operator.pk, "root", "192.0.2.1").because("asked by phone")
    entry = audit.record("user.waved_at", person, actor=by, changes={"title": ("", "x")}, times=3)
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.verb, stored.channel, stored.origin) == ("user.waved_at", "admin", "admin")
    assert (stored.actor_name, stored.actor_id, stored.remote_addr) == ("root", operator.pk, "192.0.2.1")
    assert (stored.reason, stored.cid, stored.facts) == ("asked by phone", by.correlation_id, {"times": 3})
    assert (stored.subject_type, stored.subject_id, stored.object_repr) == ("user", str(person.pk), "Ada")
    assert stored.content_type.model_class() is User
    assert (stored.object_pk, stored.object_id, stored.action) == (str(person.pk), None, AuditEntry.Action.UPDATE)
    assert stored.changes_dict == {"title": ["", "x"]}
    assert stored.changes_display_dict == {"job title": ["", "x"]}


def test_many_entries_are_one_statement(django_assert_num_queries: Any) -> None:
    people = [make_person() for _ in range(5)]
    rows = [audit.AuditRow("user.waved_at", person) for person in people]
    with django_assert_num_queries(1):
        written = audit.record_many(rows, actor=actor())
    assert [entry.subject_id for entry in written] == [str(person.pk) for person in people]


def test_the_verb_says_what_auditlog_calls_the_action() -> None:
    person = make_person()
    verbs = {"user.created": 0, "token.issued": 0, "user.changed": 1, "user.deleted": 2, "token.revoked": 2}
    assert {verb: audit.record(verb, person, actor=actor()).action for verb in verbs} == verbs


def test_masked_fields_are_never_written() -> None:
    person = make_person()
    entry = audit.record("user.changed", person, actor=actor(), changes={"password": ("old hash", "new hash")})
    assert entry.changes == {"password": [MASK, MASK]}
    assert masked_fields(ApiToken) == {"digest"}
    assert masked_fields(Administrator) == {"password"}, "a proxy is masked like what it stands for"


def test_differences_leave_out_what_is_derived_and_are_json() -> None:
    person = make_person()
    before = {"title": "", "title_key": "", "version": 1, "manager": None}
    after = {"title": "Boss", "title_key": "boss", "version": 2, "manager": person.pk}
    assert audit.differences(person, before, after) == {"title": ("", "Boss"), "manager": (None, str(person.pk))}
    assert {"scim_text", "user_name_key", "version"} <= excluded_fields(User)


def test_no_receiver_of_auditlog_is_connected() -> None:
    assert registry.get_models()
    assert auditlog.get_models() == []
    for signal in (pre_save, post_save, post_delete, m2m_changed):
        modules = {getattr(receiver(), "__module__", "") for _key, receiver, *_rest in signal.receivers if receiver()}
        assert not {module for module in modules if module.startswith("auditlog")}, signal


def test_saving_an_object_writes_no_entry() -> None:
    person = make_person()
    entries = AuditEntry.objects.count()
    person.title = "written past the actions"
    person.save()
    assert AuditEntry.objects.count() == entries


def test_the_command_that_deletes_the_trail_is_off() -> None:
    make_person()
    with pytest.raises(CommandError):
        call_command("auditlogflush", "--yes")
    with pytest.raises(CommandError):
        call_command("auditlogflush")
    assert AuditEntry.objects.exists()


def test_actors_without_a_user_are_named() -> None:
    entry = audit.record("user.waved_at", make_person(), actor=command_actor("night job"))
    assert (entry.actor_id, entry.actor_name) == (None, "night job")
    assert acting(make_operator("root")).name == "root"
