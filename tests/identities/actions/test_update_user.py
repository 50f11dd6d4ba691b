"""Changing values of users."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.actions import lifecycle, users
from identities.actors import SELF_ORIGIN, Actor, clock_actor, file_actor, self_actor
from identities.errors import (
    Conflict,
    IdentityError,
    NotFound,
    NotPermitted,
    RuleViolation,
    ValueOwned,
    VersionMismatch,
)
from identities.models import AuditEntry, ChangeEvent, User
from identities.rules.ownership import read_order
from identities.vocabulary import UserState
from tests.factories import acting, actor, client_actor, make_client, make_operator, make_org_unit, make_person

pytestmark = pytest.mark.django_db
HR = file_actor("hr")


def trace(user: User) -> tuple[int, int]:
    """How many audit entries and events there are about a user."""
    entries = AuditEntry.objects.filter(subject_id=str(user.pk)).count()
    return entries, ChangeEvent.objects.filter(object_id=user.pk).count()


def test_a_change_is_rendered_folded_audited_and_announced() -> None:
    person = make_person("ada", given_name="Ada")
    result = users.update_user(person, actor=actor(), changes={"given_name": "ADELE", "title": "Countess"})
    assert result.changed == ("given_name", "title")
    stored = User.objects.get(pk=person.pk)
    assert (stored.given_name_key, stored.title_key, stored.version) == ("adele", "countess", person.version + 1)
    assert json.loads(stored.scim_text)["name"]["givenName"] == "ADELE"
    assert stored.modified_at > person.modified_at
    entry = AuditEntry.objects.get(verb="user.changed", subject_id=str(person.pk))
    assert entry.changes == {"given_name": ["Ada", "ADELE"], "title": ["", "Countess"]}
    event = ChangeEvent.objects.latest("pk")
    assert (event.object_id, event.attributes, event.urgent) == (person.pk, ["given_name", "title"], False)


def test_one_change_costs_at_most_eight_statements() -> None:
    person = make_person("ada")
    with CaptureQueriesContext(connection) as statements:
        users.update_user(person, actor=actor(), changes={"title": "Countess"})
    assert len([each for each in statements if "SAVEPOINT" not in each["sql"]]) <= 8


def test_no_difference_writes_nothing() -> None:
    person = make_person("ada", title="Countess", emails=[{"value": "a@x.test", "primary": True}])
    before = trace(person)
    result = users.update_user(
        person,
        actor=actor(),
        changes={"title": "Countess", "user_name": "ada", "manager": None, "nick_name": ""},
        multi_values={"emails": [{"value": "a@x.test", "primary": True}]},
    )
    assert (result.changed, result.kept) == ((), ())
    assert trace(person) == before
    assert User.objects.get(pk=person.pk).version == person.version


def test_the_former_place_stands_in_the_event() -> None:
    old, new = make_org_unit("Old"), make_org_unit("New")
    boss, chief = make_person("boss"), make_person("chief")
    person = make_person("ada", org_unit=old, manager=boss)
    users.update_user(person, actor=actor(), changes={"org_unit": new, "manager": chief.pk})
    facts = ChangeEvent.objects.latest("pk").facts
    assert facts == {"org_unit": str(old.pk), "manager": str(boss.pk)}


def test_a_name_somebody_has_is_refused_and_ones_own_in_another_case_is_not() -> None:
    make_person("bob")
    person = make_person("ada")
    with pytest.raises(Conflict):
        users.update_user(person, actor=actor(), changes={"user_name": "BOB", "title": "x"})
    assert User.objects.get(pk=person.pk).title == ""
    assert users.update_user(person, actor=actor(), changes={"user_name": "ADA"}).changed == ("user_name",)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_nobody_is_their_own_manager(length: int) -> None:
    top = make_person()
    below = top
    for _ in range(length - 1):
        below = make_person(manager=below)
    with pytest.raises(RuleViolation) as refusal:
        users.update_user(top, actor=actor(), changes={"manager": below})
    assert (refusal.value.code, refusal.value.field) == ("manager_loop", "manager")


def test_a_batch_cannot_close_a_circle_of_managers_either() -> None:
    one, two = make_person(), make_person()
    results = users.update_users_many(
        [users.UserUpdate(one, {"manager": two}), users.UserUpdate(two, {"manager": one})], actor=actor()
    )
    assert [getattr(each, "code", None) for each in results] == [None, "manager_loop"]


def test_a_deleted_person_manages_nobody() -> None:
    boss = make_person(by=actor())
    User.objects.filter(pk=boss.pk).update(deleted_at=timezone.now(), user_name_key=None)
    with pytest.raises(RuleViolation) as refusal:
        users.update_user(make_person(), actor=actor(), changes={"manager": boss})
    assert refusal.value.code == "unknown_manager"


def test_somebody_elses_change_in_between_is_noticed() -> None:
    person = make_person()
    users.update_user(person, actor=actor(), changes={"title": "x"}, if_version=person.version)
    with pytest.raises(VersionMismatch):
        users.update_user(person, actor=actor(), changes={"title": "y"}, if_version=person.version)


def test_unknown_and_deleted_people_are_not_found() -> None:
    person = make_person()
    User.objects.filter(pk=person.pk).update(deleted_at=timezone.now(), user_name_key=None)
    with pytest.raises(NotFound):
        users.update_user(person, actor=actor(), changes={"title": "x"})


# Ownership


def test_values_of_a_higher_origin_are_kept() -> None:
    client = client_actor(make_client())
    person = make_person("ada", by=HR, title="Countess")
    result = users.update_user(person, actor=client, changes={"title": "Boss", "nick_name": "Addie"})
    assert (result.changed, result.kept) == (("nick_name",), ("title",))
    assert (result.user.title, result.user.owners) == ("Countess", {"nick_name": client.origin})
    assert AuditEntry.objects.get(verb="user.changed").facts == {"kept": ["title"]}


def test_or_refuse_the_whole_change() -> None:
    person = make_person("ada", by=HR, title="Countess")
    before = trace(person)
    with pytest.raises(ValueOwned) as refusal:
        users.update_user(
            person,
            actor=client_actor(make_client()),
            changes={"nick_name": "Addie", "title": "Boss"},
            mode="refuse",
        )
    assert (refusal.value.field, refusal.value.facts["owner"]) == ("title", "file:hr")
    assert User.objects.get(pk=person.pk).nick_name == ""
    assert trace(person) == before


def test_a_refused_row_names_its_own_owner() -> None:
    client = client_actor(make_client())
    person = make_person("ada", by=client)
    users.update_user(person, actor=HR, multi_values={"emails": [{"value": "a@x.test"}]})
    with pytest.raises(ValueOwned) as refusal:
        users.update_user(person, actor=client, multi_values={"emails": []}, mode="refuse")
    assert refusal.value.facts["owner"] == "file:hr"


def test_equal_clients_do_not_overwrite_each_other() -> None:
    one, other = client_actor(make_client()), client_actor(make_client())
    person = make_person("ada", by=one, title="Countess")
    assert users.update_user(person, actor=other, changes={"title": "Boss"}).kept == ("title",)


def test_saying_what_is_there_changes_no_owner() -> None:
    client = client_actor(make_client())
    person = make_person("ada", by=client, title="Countess")
    result = users.update_user(person, actor=HR, changes={"title": "Countess"})
    assert (result.changed, result.user.owners) == ((), {})


def test_a_cleared_value_belongs_to_whoever_cleared_it() -> None:
    person = make_person("ada", by=HR, title="Countess")
    users.update_user(person, actor=HR, changes={"title": ""})
    result = users.update_user(person, actor=client_actor(make_client()), changes={"title": "Boss"})
    assert result.kept == ("title",)


def test_rows_and_primary_have_owners_of_their_own() -> None:
    client = client_actor(make_client())
    person = make_person("ada", by=HR, emails=[{"value": "hr@x.test", "primary": True}])
    result = users.update_user(
        person,
        actor=client,
        multi_values={"emails": [{"value": "hr@x.test"}, {"value": "cl@x.test", "primary": True}]},
    )
    assert result.kept == ("emails.primary",)
    rows = [(row.value, row.origin, row.primary) for row in person.multi_values.order_by("position")]
    assert rows == [("hr@x.test", "file:hr", True), ("cl@x.test", client.origin, False)]
    users.update_user(person, actor=HR, multi_values={"emails": [{"value": "new@x.test", "primary": True}]})
    rows = [(row.value, row.origin, row.primary) for row in person.multi_values.order_by("position")]
    assert rows == [("new@x.test", "file:hr", True), ("cl@x.test", client.origin, False)]


def test_the_primary_value_moves_in_one_change() -> None:
    person = make_person("ada", emails=[{"value": "a@x.test", "primary": True}, {"value": "b@x.test"}])
    wanted = [{"value": "a@x.test"}, {"value": "b@x.test", "primary": True}]
    result = users.update_user(person, actor=actor(), multi_values={"emails": wanted})
    assert result.changed == ("emails",)
    assert person.multi_values.get(primary=True).value == "b@x.test"
    assert json.loads(result.user.scim_text)["emails"][1]["primary"] is True


def test_administrators_override_with_a_reason() -> None:
    person = make_person("ada", by=HR, title="Countess")
    admin = acting(make_operator())
    with pytest.raises(RuleViolation):
        users.override_value(person, actor=admin, attribute="title", value="Boss", reason=" ")
    with pytest.raises(NotPermitted):
        users.override_value(person, actor=HR, attribute="title", value="Boss", reason="because")
    changed = users.override_value(person, actor=admin, attribute="title", value="Boss", reason="a typo in the file")
    assert (changed.title, changed.owners) == ("Boss", {"title": "admin"})
    entry = AuditEntry.objects.get(verb="user.value_overridden")
    assert (entry.reason, entry.changes) == ("a typo in the file", {"title": ["Countess", "Boss"]})
    assert users.update_user(person, actor=HR, changes={"title": "Countess"}).kept == ("title",)


def test_administrators_override_rows_with_a_reason() -> None:
    person = make_person(by=HR, emails=[{"value": "old@x.test", "primary": True}, {"value": "other@x.test"}])
    admin = acting(make_operator())
    wanted = [{"value": "new@x.test", "primary": True}, {"value": "other@x.test"}]
    with pytest.raises(RuleViolation) as refusal:
        users.override_rows(person, actor=admin, attribute="emails", rows=wanted, reason=" ")
    assert refusal.value.code == "reason_required"
    with pytest.raises(NotPermitted):
        users.override_rows(person, actor=HR, attribute="emails", rows=wanted, reason="x")
    users.override_rows(person, actor=admin, attribute="emails", rows=wanted, reason="a typo in the file")
    rows = person.multi_values.values_list("value", "origin", "primary")
    assert set(rows) == {("new@x.test", "admin", True), ("other@x.test", HR.origin, False)}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.reason, list(entry.changes)) == (
        "user.value_overridden",
        "a typo in the file",
        ["emails"],
    )


def test_an_attribute_may_have_an_order_of_owners_of_its_own(settings: Any) -> None:
    settings.PORTAL_OWNER_ORDERS = {
        name: read_order("admin > scim > file/system > rule > idp > self") for name in ("title", "emails")
    }
    client = client_actor(make_client())
    person = make_person(by=HR, title="x", department="x", emails=[{"value": "a@x.test"}])
    changes = {"title": "y", "department": "y"}
    emails = [{"value": "a@x.test", "type": "work"}]
    result = users.update_user(person, actor=client, changes=changes, multi_values={"emails": emails})
    assert (result.changed, result.kept) == (("title", "emails"), ("department",))
    assert person.multi_values.get().origin == client.origin
    back = users.update_user(person, actor=HR, changes={"title": "z"})
    assert back.kept == ("title",)


def test_a_released_value_belongs_to_its_next_writer() -> None:
    person = make_person("ada", by=HR, title="Countess")
    client = client_actor(make_client())
    with pytest.raises(NotPermitted):
        users.release_ownership(person, actor=client, attributes=["title"])
    released = users.release_ownership(person, actor=actor(), attributes=["title", "nick_name"])
    assert released.title == "Countess"
    result = users.update_user(person, actor=client, changes={"title": "Boss"})
    assert (result.kept, result.user.owners) == ((), {"title": client.origin})
    assert AuditEntry.objects.get(verb="user.ownership_released").changes == {"owners.title": ["file:hr", None]}


# Dates and states


def test_dates_move_the_state_and_end_sessions() -> None:
    today = timezone.localdate()
    person = make_person("ada")
    gone = users.update_user(person, actor=actor(), changes={"end_date": today - timedelta(days=1)})
    assert set(gone.changed) == {"end_date", "state", "active"}
    assert (gone.user.state, gone.user.session_epoch) == (UserState.DEPROVISIONED, person.session_epoch + 1)
    assert ChangeEvent.objects.latest("pk").urgent
    back = users.update_user(person, actor=actor(), changes={"end_date": None}).user
    assert (back.state, back.active) == (UserState.ACTIVE, True)


def test_somebody_suspended_stays_so_when_the_dates_bring_them_back() -> None:
    today = timezone.localdate()
    person = make_person("ada", end_date=today - timedelta(days=1), suspended=True)
    back = users.update_user(person, actor=actor(), changes={"end_date": None}).user
    assert (back.state, back.active) == (UserState.ACTIVE, False)


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_later_end_date_brings_back_whom_the_date_ended_and_nobody_else(by_hand: bool) -> None:
    today = timezone.localdate()
    person = make_person("ada", by=HR)
    if by_hand:
        lifecycle.deprovision_user(person, actor=actor())
    User.objects.filter(pk=person.pk).update(end_date=today - timedelta(days=1))
    lifecycle.run_clock(today, actor=clock_actor())
    assert User.objects.get(pk=person.pk).left_by_date is not by_hand
    after = users.update_user(person, actor=HR, changes={"end_date": today + timedelta(days=30)}).user
    assert (after.state == UserState.DEPROVISIONED) is by_hand
    assert lifecycle.activate_user(person, actor=actor()).active
    assert not User.objects.get(pk=person.pk).left_by_date


def test_people_deprovisioned_before_the_cause_was_kept_are_told_apart_by_the_audit_trail() -> None:
    by_hand, by_date = make_person(by=HR), make_person(by=HR)
    lifecycle.deprovision_user(by_hand, actor=actor())
    User.objects.update(end_date=timezone.localdate() - timedelta(days=1))
    lifecycle.run_clock(timezone.localdate(), actor=clock_actor())
    User.objects.update(left_by_date=False)
    import_module("identities.migrations.0003_who_left_by_date").find_who_left_by_date(apps, None)
    assert list(User.objects.filter(left_by_date=True)) == [by_date]


# Who may touch administrators


@pytest.mark.parametrize("by", ["scim", "file", "self", "auditor"])
def test_administrators_are_out_of_reach(by: str) -> None:
    operator = make_operator()
    other = make_person()
    actors: dict[str, Actor] = {
        "scim": client_actor(make_client()),
        "file": HR,
        "self": self_actor(other.pk, "other"),
        "auditor": acting(make_operator()),
    }
    if by == "auditor":
        User.objects.filter(pk=actors[by].user_id).update(is_superuser=False)
    with pytest.raises(NotPermitted) as refusal:
        users.update_user(operator, actor=actors[by], changes={"title": "x"})
    assert refusal.value.code == "operator_protected"


def test_administrators_may_change_their_own_values() -> None:
    operator = make_operator()
    me = self_actor(operator.pk, operator.user_name)
    result = users.update_user(operator, actor=me, changes={"nick_name": "Root"})
    assert result.user.owners == {"nick_name": SELF_ORIGIN}


# Batches


def test_a_batch_is_set_based_and_refuses_row_by_row() -> None:
    people = [make_person(title="old") for _ in range(30)]
    make_person("taken")

    def run(some: list[User], mark: str) -> tuple[list[Any], int]:
        updates = [users.UserUpdate(each, {"title": mark, "user_name": f"{mark}{i}"}) for i, each in enumerate(some)]
        updates[1] = users.UserUpdate(some[1], {"user_name": "taken"})
        updates[2] = users.UserUpdate(some[2], {"title": "bad\x00"})
        with CaptureQueriesContext(connection) as statements:
            results = users.update_users_many(updates, actor=actor())
        return results, len(statements)

    few, statements_for_few = run(people[:5], "few")
    many, statements_for_many = run(people[5:], "many")
    assert statements_for_many <= statements_for_few + 2, "only the parts that SQLite cuts an UPDATE into may be more"
    assert [each.code for each in many if isinstance(each, IdentityError)] == ["user_name_taken", "control_character"]
    stored = User.objects.get(pk=people[8].pk)
    assert (stored.title_key, stored.user_name_key) == ("many", "many3")
    assert json.loads(stored.scim_text)["userName"] == "many3"
    assert trace(stored) == (2, 2)
    assert trace(few[1] and people[1]) == (1, 1)


def test_a_refused_row_takes_no_name_from_another() -> None:
    client = client_actor(make_client())
    held, free = make_person("held", by=HR, title="x"), make_person("free", by=client)
    results = users.update_users_many(
        [
            users.UserUpdate(held, {"title": "y", "user_name": "new"}, mode="refuse"),
            users.UserUpdate(free, {"user_name": "new"}),
        ],
        actor=client,
    )
    assert [getattr(each, "code", None) for each in results] == ["value_owned", None]
