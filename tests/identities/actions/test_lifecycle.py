"""Suspension, states, deletion and the clock."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.actions import lifecycle, memberships, users
from identities.actors import Actor, clock_actor, file_actor
from identities.errors import Conflict, IllegalTransition, NotFound, NotPermitted, RuleViolation
from identities.models import AuditEntry, ChangeEvent, Group, Membership, User
from identities.vocabulary import EventKind, UserState
from tests.factories import (
    acting,
    actor,
    client_actor,
    make_client,
    make_group,
    make_operator,
    make_people,
    make_person,
)

pytestmark = pytest.mark.django_db
HR = file_actor("hr")
TODAY = date(2026, 6, 15)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


# Suspension


def test_active_only_when_nobody_asserts_a_suspension() -> None:
    client = client_actor(make_client())
    person = make_person()
    assert not lifecycle.suspend_user(person, actor=client, reason="left").active
    assert not lifecycle.suspend_user(person, actor=actor()).active
    assert not lifecycle.lift_suspension(person, actor=client).active
    back = lifecycle.lift_suspension(person, actor=actor())
    assert back.active
    assert json.loads(fresh(person).scim_text)["active"] is True


def test_a_suspension_ends_sessions_in_the_same_update_and_is_urgent() -> None:
    person = make_person()
    with CaptureQueriesContext(connection) as statements:
        lifecycle.suspend_user(person, actor=actor(), reason="left")
    updates = [each["sql"] for each in statements if 'UPDATE "identities_user"' in each["sql"]]
    assert len(updates) == 1
    assert '"active"' in updates[0]
    assert '"session_epoch"' in updates[0]
    assert fresh(person).session_epoch == person.session_epoch + 1
    event = ChangeEvent.objects.latest("pk")
    assert (event.urgent, event.attributes) == (True, ["suspensions", "active"])
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.reason) == ("user.suspended", "left")


def test_suspending_twice_and_lifting_nothing_write_nothing() -> None:
    person = make_person()
    lifecycle.suspend_user(person, actor=actor())
    before = AuditEntry.objects.count(), ChangeEvent.objects.count()
    lifecycle.suspend_user(person, actor=actor())
    lifecycle.lift_suspension(person, actor=HR)
    assert (AuditEntry.objects.count(), ChangeEvent.objects.count()) == before


def test_each_origin_lifts_its_own_and_administrators_any() -> None:
    person = make_person()
    lifecycle.suspend_user(person, actor=HR)
    client = client_actor(make_client())
    with pytest.raises(NotPermitted):
        lifecycle.lift_suspension(person, actor=client, origin=HR.origin)
    assert lifecycle.lift_suspension(person, actor=actor(), origin=HR.origin).active


def test_administrators_lift_every_suspension_at_once_and_tell_of_it_once() -> None:
    both, one, none = make_people(3)
    client = client_actor(make_client())
    lifecycle.suspend_users_many([both, one], actor=HR)
    lifecycle.suspend_user(both, actor=client)
    with pytest.raises(NotPermitted):
        lifecycle.lift_suspension(both, actor=HR, all_origins=True)
    before = AuditEntry.objects.count()
    results = lifecycle.lift_suspensions_many([both, one, none], actor=actor(), all_origins=True)
    assert [user.active for user in results if isinstance(user, User)] == [True, True, True]
    lifted = {entry.subject_id: entry.changes["suspensions"] for entry in AuditEntry.objects.order_by("pk")[before:]}
    assert lifted == {str(both.pk): [[HR.origin, client.origin], None], str(one.pk): [[HR.origin], None]}


def _end_by_date(user: User, *, actor: Actor) -> None:
    users.update_user(user, actor=actor, changes={"end_date": timezone.localdate() - timedelta(days=1)})


@pytest.mark.parametrize(
    "end", [lifecycle.suspend_user, lifecycle.deprovision_user, lifecycle.delete_user, _end_by_date]
)
def test_the_last_superuser_stays(end: object) -> None:
    operator = make_operator()
    with pytest.raises(RuleViolation) as refusal:
        end(operator, actor=actor())  # type: ignore[operator]
    assert refusal.value.code == "last_superuser"
    make_operator()
    end(operator, actor=actor())  # type: ignore[operator]
    assert not fresh(operator).active


def test_all_superusers_cannot_go_together() -> None:
    operators = [make_operator(), make_operator()]
    results = lifecycle.delete_users_many(operators, actor=actor())
    assert [getattr(each, "code", None) for each in results] == ["last_superuser", "last_superuser"]


def test_programs_cannot_suspend_administrators() -> None:
    operator, _other = make_operator(), make_operator()
    with pytest.raises(NotPermitted):
        lifecycle.suspend_user(operator, actor=client_actor(make_client()))
    assert not operator.suspensions.exists()


def test_a_batch_of_suspensions_is_set_based() -> None:
    def statements_for(number: int) -> int:
        people = make_people(number)
        with CaptureQueriesContext(connection) as statements:
            done = lifecycle.suspend_users_many([*people, people[0]], actor=actor())
        assert not any(isinstance(each, Exception) or each.active for each in done)
        return len(statements)

    assert statements_for(60) <= statements_for(5) + 6, "SQLite cuts an UPDATE of many rows into parts"
    assert ChangeEvent.objects.filter(urgent=True).count() == 65


# States


def test_the_lifecycle_by_hand() -> None:
    person = make_person(start_date=timezone.localdate() + timedelta(days=9))
    assert person.state == UserState.STAGED
    assert lifecycle.activate_user(person, actor=actor()).active
    gone = lifecycle.deprovision_user(person, actor=actor())
    assert (gone.state, gone.active) == (UserState.DEPROVISIONED, False)
    assert ChangeEvent.objects.latest("pk").urgent
    assert lifecycle.activate_user(person, actor=actor()).active
    User.objects.filter(pk=person.pk).update(state=UserState.PURGED)
    with pytest.raises(IllegalTransition):
        lifecycle.activate_user(person, actor=actor())


def test_nobody_is_activated_whose_end_date_has_passed() -> None:
    person = make_person(end_date=timezone.localdate() - timedelta(days=1))
    with pytest.raises(RuleViolation) as refusal:
        lifecycle.activate_user(person, actor=actor())
    assert refusal.value.code == "end_date_passed"


def test_an_active_state_does_not_undo_a_suspension() -> None:
    person = make_person(suspended=True)
    lifecycle.deprovision_user(person, actor=actor())
    assert not lifecycle.activate_user(person, actor=actor()).active


@pytest.mark.parametrize("end", [lifecycle.deprovision_user, lifecycle.delete_user])
def test_the_lifecycle_belongs_to_the_default_origin(end: object) -> None:
    one, other = client_actor(make_client()), client_actor(make_client())
    person = make_person(by=one)
    with pytest.raises(NotPermitted) as refusal:
        end(person, actor=other)  # type: ignore[operator]
    assert refusal.value.code == "lifecycle_owned"
    end(person, actor=one)  # type: ignore[operator]
    assert not fresh(person).active


# Deletion


def test_deletion_frees_the_name_and_keeps_the_rest() -> None:
    group = make_group()
    person = make_person("ada", title="Countess")
    memberships.add_members(group, [person], actor=actor())
    seen = Group.objects.get(pk=group.pk).membership_version
    lifecycle.delete_user(person, actor=actor())
    gone = fresh(person)
    assert (gone.user_name, gone.user_name_key, gone.title, gone.active) == ("ada", None, "Countess", False)
    assert gone.session_epoch == person.session_epoch + 1
    assert Group.objects.get(pk=group.pk).membership_version == seen + 1
    event = ChangeEvent.objects.latest("pk")
    assert (event.kind, event.urgent, event.facts) == (EventKind.USER_DELETED, True, {"groups": [str(group.pk)]})
    again = make_person("ada")
    assert again.pk != person.pk
    assert not again.memberships.exists()
    with pytest.raises(Conflict) as refusal:
        lifecycle.restore_user(person, actor=actor())
    assert refusal.value.code == "user_name_taken"


def test_somebody_suspended_loses_sessions_by_deletion_too() -> None:
    person = make_person(suspended=True)
    lifecycle.delete_user(person, actor=actor())
    assert fresh(person).session_epoch == person.session_epoch + 1


def test_a_restored_person_is_as_before() -> None:
    group = make_group()
    person = make_person("ada", suspended=True)
    memberships.add_members(group, [person], actor=actor())
    lifecycle.delete_user(person, actor=actor())
    back = lifecycle.restore_user(person, actor=actor())
    assert (back.user_name_key, back.active, back.deleted_at) == ("ada", False, None)
    assert back.memberships.count() == 1
    assert lifecycle.lift_suspension(person, actor=actor()).active


def test_a_batch_of_restorations_refuses_the_names_that_are_taken() -> None:
    gone = []
    for name in ("ada", "ada", "bob", "eve"):
        gone.append(make_person(name))
        lifecycle.delete_user(gone[-1], actor=actor())
    make_person("EVE")
    lifecycle.restore_users_many(gone[:1], actor=actor())  # the statements that only the first of a kind costs
    lifecycle.delete_user(gone[0], actor=actor())
    with CaptureQueriesContext(connection) as several:
        results = lifecycle.restore_users_many(gone, actor=actor())
    assert [getattr(each, "code", None) for each in results] == [None, "user_name_taken", None, "user_name_taken"]
    assert [fresh(each).active for each in gone] == [True, False, True, False]
    assert len(several) < 20


def test_deleting_and_restoring_twice_write_nothing() -> None:
    person = make_person()
    lifecycle.delete_user(person, actor=actor())
    entries = AuditEntry.objects.count()
    lifecycle.delete_user(person, actor=actor())
    assert AuditEntry.objects.count() == entries
    lifecycle.restore_user(person, actor=actor())
    lifecycle.restore_user(person, actor=actor())
    assert AuditEntry.objects.count() == entries + 1


def test_a_deleted_person_cannot_be_suspended() -> None:
    person = make_person()
    lifecycle.delete_user(person, actor=actor())
    with pytest.raises(NotFound):
        lifecycle.suspend_user(person, actor=actor())


# The clock


def test_the_clock_starts_and_ends_people_and_memberships() -> None:
    starts = make_person(start_date=TODAY, by=HR)
    later = make_person(start_date=TODAY + timedelta(days=1), by=HR)
    ends = make_person(by=HR)
    last_day = make_person(end_date=TODAY, by=HR)
    never = make_person(start_date=TODAY - timedelta(days=2), by=HR)
    group = make_group()
    memberships.add_members(group, [never], actor=actor(), ends_on=TODAY - timedelta(days=1))
    memberships.add_members(group, [starts], actor=actor(), ends_on=TODAY)
    User.objects.filter(pk__in=[starts.pk, later.pk, never.pk]).update(state=UserState.STAGED, active=False)
    User.objects.filter(pk=never.pk).update(end_date=TODAY - timedelta(days=1))
    User.objects.filter(pk=last_day.pk).update(state=UserState.ACTIVE, active=True)
    User.objects.filter(pk=ends.pk).update(end_date=TODAY - timedelta(days=1), state=UserState.ACTIVE, active=True)
    assert lifecycle.run_clock(TODAY, actor=clock_actor()) == 4
    states = {name: fresh(each).state for name, each in locals().items() if isinstance(each, User)}
    assert states == {
        "starts": UserState.ACTIVE,
        "later": UserState.STAGED,
        "ends": UserState.DEPROVISIONED,
        "last_day": UserState.ACTIVE,
        "never": UserState.DEPROVISIONED,
    }
    assert fresh(starts).active
    assert list(Membership.objects.values_list("user_id", flat=True)) == [starts.pk]
    assert AuditEntry.objects.filter(channel="clock").count() == 4
    assert ChangeEvent.objects.filter(origin="rule:clock", urgent=True).count() == 3
    assert lifecycle.run_clock(TODAY, actor=clock_actor()) == 0
    assert AuditEntry.objects.filter(channel="clock").count() == 4


def test_nobody_is_active_for_a_moment_when_both_dates_have_passed() -> None:
    person = make_person()
    User.objects.filter(pk=person.pk).update(
        state=UserState.STAGED, active=False, start_date=date(2026, 1, 1), end_date=date(2026, 2, 1)
    )
    lifecycle.run_clock(TODAY, actor=clock_actor())
    verbs = list(AuditEntry.objects.filter(subject_id=str(person.pk), channel="clock").values_list("verb", flat=True))
    assert verbs == ["user.deprovisioned"]


def test_the_clock_leaves_superusers() -> None:
    operator = make_operator()
    users.update_user(operator, actor=acting(operator), changes={"end_date": timezone.localdate()})
    assert lifecycle.run_clock(timezone.localdate() + timedelta(days=9), actor=clock_actor()) == 0
    assert fresh(operator).active
