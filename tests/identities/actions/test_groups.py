"""Groups and their members."""

import json
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.actions import groups, lifecycle, memberships
from identities.actors import file_actor
from identities.errors import Conflict, NotFound, NotPermitted, RuleViolation, ValueOwned, VersionMismatch
from identities.models import AuditEntry, ChangeEvent, Group, Membership, MembershipOrigin
from identities.outbox import MEMBERS_PER_EVENT
from identities.vocabulary import EventKind, GroupKind
from tests.factories import actor, client_actor, make_client, make_group, make_operator, make_people, make_person

pytestmark = pytest.mark.django_db
HR = file_actor("hr")


def fresh(group: Group) -> Group:
    return Group.objects.get(pk=group.pk)


def test_a_group_is_rendered_audited_and_announced() -> None:
    group = make_group("Éditors", description="who edit")
    stored = fresh(group)
    assert stored.display_name_key == "éditors"
    assert json.loads(stored.scim_text)["displayName"] == "Éditors"
    assert AuditEntry.objects.get(subject_id=str(group.pk)).verb == "group.created"
    event = ChangeEvent.objects.get(object_id=group.pk)
    assert (event.kind, event.object_type) == (EventKind.GROUP_CREATED, "group")


def test_group_names_are_taken_whatever_their_case() -> None:
    make_group("Editors")
    other = make_group("Writers")
    for attempt in (
        lambda: make_group("EDITORS"),
        lambda: groups.update_group(other, actor=actor(), changes={"display_name": "editors"}),
    ):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.code == "group_name_taken"
    assert fresh(other).display_name == "Writers"


def test_changes_follow_ownership() -> None:
    group = make_group("Editors", by=HR)
    client = client_actor(make_client())
    result = groups.update_group(group, actor=client, changes={"display_name": "Writers", "description": "new"})
    assert (result.changed, result.kept) == (("description",), ("display_name",))
    assert json.loads(result.group.scim_text)["displayName"] == "Editors"
    with pytest.raises(ValueOwned):
        groups.update_group(group, actor=client, changes={"display_name": "Writers"}, mode="refuse")
    renamed = groups.update_group(group, actor=actor(), changes={"display_name": "Writers"}).group
    assert (renamed.display_name_key, renamed.owners["display_name"]) == ("writers", "admin")
    with pytest.raises(VersionMismatch):
        groups.update_group(group, actor=actor(), changes={"display_name": "x"}, if_version=1)


def test_a_deleted_group_frees_its_name_and_can_come_back() -> None:
    inner, outer = make_group("Inner"), make_group("Outer")
    person = make_person()
    memberships.add_members(outer, [inner], actor=actor())
    memberships.add_members(inner, [person], actor=actor())
    seen = fresh(outer).membership_version
    groups.delete_group(inner, actor=actor())
    event = ChangeEvent.objects.latest("pk")
    assert (event.kind, event.urgent, event.facts) == (EventKind.GROUP_DELETED, True, {"parents": [str(outer.pk)]})
    assert fresh(outer).membership_version == seen + 1
    taken = make_group("inner")
    with pytest.raises(Conflict):
        groups.restore_group(inner, actor=actor())
    groups.delete_group(taken, actor=actor())
    back = groups.restore_group(inner, actor=actor())
    assert back.display_name_key == "inner"
    assert back.memberships.count() == 1
    with pytest.raises(NotPermitted):
        groups.delete_group(inner, actor=HR)


# Members


def test_members_are_counted_told_and_audited_once() -> None:
    group, inner = make_group(), make_group()
    one, two = make_people(2)
    assert memberships.add_members(group, [one, two.pk, inner], actor=HR) == 3
    assert fresh(group).membership_version == 1
    event = ChangeEvent.objects.get(kind=EventKind.MEMBERSHIP_CHANGED)
    assert event.facts == {"added_users": [str(one.pk), str(two.pk)], "added_groups": [str(inner.pk)]}
    assert not event.urgent
    entry = AuditEntry.objects.get(verb="group.members_added")
    assert entry.changes["members"] == [[], [str(one.pk), str(two.pk), str(inner.pk)]]
    assert memberships.add_members(group, [one, inner.pk], actor=HR) == 0
    assert AuditEntry.objects.filter(verb="group.members_added").count() == 1
    assert fresh(group).membership_version == 1
    assert fresh(group).version == group.version


def test_a_membership_lives_until_the_last_origin_lets_go() -> None:
    group, person = make_group(), make_person()
    client = client_actor(make_client())
    memberships.add_members(group, [person], actor=HR)
    assert memberships.add_members(group, [person], actor=client) == 0
    assert set(MembershipOrigin.objects.values_list("origin", flat=True)) == {HR.origin, client.origin}
    assert memberships.remove_members(group, [person], actor=actor()) == 0, "not asserted by administrators"
    assert memberships.remove_members(group, [person], actor=HR) == 0
    assert Membership.objects.count() == 1
    assert memberships.remove_members(group, [person], actor=client) == 1
    assert not Membership.objects.exists()
    event = ChangeEvent.objects.latest("pk")
    assert (event.facts, event.urgent) == ({"removed_users": [str(person.pk)]}, True)


def test_an_assertion_more_or_less_is_audited_but_changes_no_members() -> None:
    group, person = make_group(), make_person()
    memberships.add_members(group, [person], actor=HR)
    events = ChangeEvent.objects.count()
    memberships.add_members(group, [person], actor=actor())
    memberships.remove_members(group, [person], actor=actor())
    assert AuditEntry.objects.filter(verb__startswith="group.members_").count() == 3
    assert ChangeEvent.objects.count() == events
    assert fresh(group).membership_version == 1


def test_administrators_remove_whoever_asserts_it() -> None:
    group, person = make_group(), make_person()
    memberships.add_members(group, [person], actor=HR)
    with pytest.raises(NotPermitted):
        memberships.remove_members(group, [person], actor=client_actor(make_client()), all_origins=True)
    assert memberships.remove_members(group, [person, uuid4()], actor=actor(), all_origins=True) == 1


def test_a_replacement_moves_only_what_the_actor_asserts() -> None:
    group = make_group()
    client = client_actor(make_client())
    of_hr, of_both, of_client, new = make_people(4)
    memberships.add_members(group, [of_hr, of_both], actor=HR)
    memberships.add_members(group, [of_both, of_client], actor=client)
    delta = memberships.replace_members(group, [of_hr, new], actor=client)
    assert delta == (1, 1)
    assert set(Membership.objects.values_list("user_id", flat=True)) == {of_hr.pk, of_both.pk, new.pk}
    assert list(MembershipOrigin.objects.filter(membership__user=of_hr).values_list("origin", flat=True)) == [HR.origin]
    facts = ChangeEvent.objects.latest("pk").facts
    assert facts == {"removed_users": [str(of_client.pk)], "added_users": [str(new.pk)]}
    entries = AuditEntry.objects.filter(verb="group.members_replaced")
    assert entries.count() == 1
    assert memberships.replace_members(group, [of_hr, new], actor=client) == (0, 0)
    assert entries.count() == 1


def test_strangers_itself_and_administrators_are_refused_and_nothing_is_changed() -> None:
    group, person = make_group(), make_person()
    gone = make_person()
    lifecycle.delete_user(gone, actor=actor())
    for wrong, code in (
        (uuid4(), "unknown_member"),
        (gone, "unknown_member"),
        (make_operator(), "unknown_member"),
        (group, "member_of_itself"),
        (group.pk, "member_of_itself"),
    ):
        with pytest.raises(RuleViolation) as refusal:
            memberships.add_members(group, [person, wrong], actor=actor())
        assert refusal.value.code == code
    assert not Membership.objects.exists()
    assert fresh(group).membership_version == 0


def test_circles_of_groups_are_allowed() -> None:
    one, two = make_group(), make_group()
    assert memberships.add_members(one, [two], actor=actor()) == 1
    assert memberships.add_members(two, [one], actor=actor()) == 1


def test_dynamic_and_deleted_groups_take_no_members() -> None:
    group, person = make_group(), make_person()
    Group.objects.filter(pk=group.pk).update(kind=GroupKind.DYNAMIC)
    with pytest.raises(RuleViolation) as refusal:
        memberships.add_members(group, [person], actor=actor())
    assert refusal.value.code == "dynamic_group"
    Group.objects.filter(pk=group.pk).update(kind=GroupKind.STATIC)
    groups.delete_group(group, actor=actor())
    with pytest.raises(NotFound):
        memberships.add_members(group, [person], actor=actor())


def test_the_end_of_a_membership() -> None:
    group, person = make_group(), make_person()
    day, later = date(2030, 1, 1), date(2031, 1, 1)

    def end() -> date | None:
        return Membership.objects.get().ends_on

    memberships.add_members(group, [person], actor=HR, ends_on=day)
    memberships.add_members(group, [person], actor=HR)
    assert end() == day, "not naming an end is no word about it"
    memberships.add_members(group, [person], actor=HR, ends_on=later)
    assert end() == later
    memberships.add_members(group, [person], actor=actor())
    assert end() is None, "somebody new asserts it without an end"


def test_many_members_cost_statements_by_the_chunk_and_events_by_the_thousand() -> None:
    group = make_group()
    people = make_people(MEMBERS_PER_EVENT + 100)

    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            memberships.add_members(group, people[:number], actor=actor())
            memberships.remove_members(group, people[:number], actor=actor())
        return len([each for each in captured if not each["sql"].startswith(("INSERT", "DELETE"))])

    assert statements(3) == statements(300)
    ChangeEvent.objects.all().delete()
    assert memberships.add_members(group, people, actor=actor()) == len(people)
    told = [len(event.facts["added_users"]) for event in ChangeEvent.objects.order_by("pk")]
    assert told == [MEMBERS_PER_EVENT, 100]
    assert AuditEntry.objects.latest("pk").facts == {"added": len(people)}
