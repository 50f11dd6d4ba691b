"""Dynamic groups: who is in them follows the rule, whatever happens."""

from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from identities.actions import groups, lifecycle, memberships, org_units, users
from identities.actions.groups import GroupRule, NewGroup
from identities.consumers import dynamic_groups
from identities.errors import NotPermitted, RuleViolation
from identities.models import ChangeEvent, Delivery, Group, Membership, MembershipOrigin, User
from identities.queries.dynamic_groups import preview_rule
from identities.vocabulary import Consumer, EventKind, GroupKind
from tests.factories import actor, client_actor, make_client, make_group, make_org_unit, make_people, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOBODYS = "00000000-0000-4000-8000-000000000000"


def dynamic(filter_text: str, name: str = "Dynamic") -> Group:
    """A dynamic group that has been computed."""
    group = groups.create_group(actor=actor(), display_name=name, filter_text=filter_text)
    dynamic_groups.work()
    return group


def change(person: User, **changes: Any) -> None:
    users.update_user(person, actor=actor(), changes=changes)


def names(group: Group) -> set[str]:
    """The members, once everything that is due is done."""
    dynamic_groups.work()
    return set(Membership.objects.filter(group=group).values_list("user__user_name", flat=True))


def rules_told() -> int:
    return Delivery.objects.filter(consumer=Consumer.RULES).count()


def told(group: Group) -> tuple[list[int], list[int]]:
    """How many members each of the group's events says came, and how many left."""
    facts = ChangeEvent.objects.filter(kind=EventKind.MEMBERSHIP_CHANGED, object_id=group.pk).order_by("pk")
    each = facts.values_list("facts", flat=True)
    return [len(f.get("added_users", ())) for f in each], [len(f.get("removed_users", ())) for f in each]


def test_nobody_is_told_while_there_is_no_dynamic_group() -> None:
    change(make_person(), title="Guide")
    assert rules_told() == 0
    dynamic('title eq "Guide"')
    change(make_person(), title="Guide")
    assert rules_told() > 0


def test_people_enter_and_leave_as_they_change() -> None:
    anna, ben = make_person("anna", title="Guide"), make_person("ben")
    group = dynamic('title eq "Guide" and active eq true')
    assert names(group) == {"anna"}
    change(ben, title="Guide")
    assert names(group) == {"anna", "ben"}
    lifecycle.suspend_user(ben, actor=actor())
    make_person("carl", title="guide")
    assert names(group) == {"anna", "carl"}
    lifecycle.delete_user(anna, actor=actor())
    assert names(group) == {"carl"}
    lifecycle.restore_user(anna, actor=actor())
    lifecycle.lift_suspension(ben, actor=actor())
    assert names(group) == {"anna", "ben", "carl"}
    assert not Delivery.objects.filter(consumer=Consumer.RULES, done_at=None).exists()
    assert dynamic_groups.work() == 0


def test_what_others_are_counts_where_the_rule_looks_at_them() -> None:
    boss, unit, crew = make_person(display_name="Bo"), make_org_unit("Sales"), make_group("Crew")
    anna = make_person("anna", manager=boss.pk, org_unit=unit.pk)
    by_manager = dynamic('manager.displayName eq "Zoe"', "By manager")
    by_unit = dynamic('orgUnit.name eq "Trade"', "By unit")
    by_group = dynamic(f'not (groups.value eq "{crew.pk}") and userName eq "anna"', "By group")
    assert (names(by_manager), names(by_unit), names(by_group)) == (set(), set(), {"anna"})
    change(boss, display_name="Zoe")
    org_units.update_org_unit(unit, actor=actor(), changes={"name": "Trade"})
    memberships.add_members(crew, [anna], actor=actor())
    assert (names(by_manager), names(by_unit), names(by_group)) == ({"anna"}, {"anna"}, set())
    lifecycle.delete_user(boss, actor=actor())
    groups.delete_group(crew, actor=actor())
    assert (names(by_manager), names(by_group)) == (set(), {"anna"})


def test_a_chain_of_rules_is_followed_and_a_circle_refused() -> None:
    person = make_person("anna")
    first = dynamic('title eq "Guide"', "First")
    second = dynamic(f'groups.value eq "{first.pk}"', "Second")
    third = dynamic(f'groups[value eq "{second.pk}"]', "Third")
    change(person, title="Guide")
    assert names(third) == {"anna"}
    lowest, highest = sorted((make_group("Fourth"), make_group("Fifth")), key=lambda group: group.pk)
    groups.set_rule(lowest, f'groups.value eq "{highest.pk}"', actor=actor())
    groups.set_rule(highest, 'title eq "Guide"', actor=actor())
    assert names(lowest) == {"anna"}
    for group in (first, third):
        with pytest.raises(RuleViolation) as refusal:
            groups.set_rule(group, f'groups.value ne "{third.pk}"', actor=actor())
        assert (refusal.value.code, refusal.value.field) == ("circle_of_rules", "filter_text")
    static = make_group()
    groups.set_rule(first, f'groups eq "{static.pk}"', actor=actor())
    with pytest.raises(RuleViolation, match="own group"):
        groups.set_rule(static, f'groups eq "{third.pk}"', actor=actor())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_filter"),
        ("title eq", "invalid_filter"),
        ('externalId eq "x"', "invalid_filter"),
        ('groups.display eq "x"', "invalid_filter"),
        ("groups pr", "invalid_filter"),
        ("groups.value eq null", "invalid_filter"),
        ('groups.value eq "x"', "invalid_filter"),
        (f'groups[not (value eq "{NOBODYS}")]', "invalid_filter"),
        (f'groups.value eq "{NOBODYS}"', "unknown_group"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(text: str, code: str) -> None:
    group = make_group()
    with pytest.raises(RuleViolation) as refusal:
        groups.set_rule(group, text, actor=actor())
    assert (refusal.value.code, refusal.value.field) == (code, "filter_text")
    group.refresh_from_db()
    assert group.kind == GroupKind.STATIC


def test_only_administrators_set_rules() -> None:
    client = client_actor(make_client())
    with pytest.raises(NotPermitted):
        groups.set_rule(make_group(), "active eq true", actor=client)
    [refused] = groups.create_groups_many([NewGroup("X", filter_text="active eq true")], actor=client)
    assert isinstance(refused, NotPermitted)


def test_what_others_assert_stays_and_can_be_taken_back() -> None:
    hand, ruled, both = make_person("hand"), make_person("ruled", title="Guide"), make_person("both", title="Guide")
    group = make_group()
    memberships.add_members(group, [hand, both], actor=actor())
    groups.set_rule(group, 'title eq "Guide"', actor=actor())
    assert names(group) == {"hand", "ruled", "both"}
    with pytest.raises(RuleViolation, match="rule"):
        memberships.add_members(group, [make_person()], actor=actor())
    assert memberships.remove_members(group, [hand, ruled, both], actor=actor(), all_origins=True) == 1
    assert names(group) == {"ruled", "both"}
    change(both, title="Boss")
    assert names(group) == {"ruled"}


def test_a_group_that_becomes_static_keeps_its_members() -> None:
    anna, ben = make_person("anna", title="Guide"), make_person("ben", title="Guide")
    group = make_group()
    memberships.add_members(group, [ben], actor=actor())
    groups.set_rule(group, 'title eq "Guide"', actor=actor())
    names(group)
    groups.set_rule(group, None, actor=actor())
    change(anna, title="Boss")
    assert names(group) == {"anna", "ben"}
    assert list(MembershipOrigin.objects.values_list("origin", flat=True)) == ["admin", "admin"]
    group.refresh_from_db()
    assert (group.kind, group.filter_text, group.recompute_at) == (GroupKind.STATIC, "", None)


def test_setting_the_same_rule_again_writes_nothing() -> None:
    group = dynamic("active eq true")
    before = ChangeEvent.objects.count()
    groups.set_rules_many([GroupRule(group, " active eq true ")], actor=actor())
    assert ChangeEvent.objects.count() == before


def test_a_restored_group_is_computed_anew() -> None:
    person = make_person("anna", title="Guide")
    group = dynamic('title eq "Guide"')
    groups.delete_group(group, actor=actor())
    change(person, title="Boss")
    assert names(group) == {"anna"}
    groups.restore_group(group, actor=actor())
    assert names(group) == set()


def test_thousands_enter_and_only_the_difference_leaves(django_assert_max_num_queries: Any) -> None:
    make_people(800, title="Guide", department="North")
    make_people(1200, title="Guide")
    group = groups.create_group(actor=actor(), display_name="Guides", filter_text='title eq "Guide"')
    preview = preview_rule(group.filter_text, group.pk)
    assert (preview.entering, preview.leaving, len(preview.first_entering)) == (2000, 0, 50)
    with django_assert_max_num_queries(80):
        dynamic_groups.work()
    assert told(group) == ([1000, 1000], [0, 0])

    groups.set_rule(group, 'title eq "Guide" and department eq "North"', actor=actor())
    group.refresh_from_db()
    with django_assert_max_num_queries(6):
        preview = preview_rule(group.filter_text, group.pk)
    assert (preview.members, preview.entering, preview.leaving) == (800, 0, 1200)
    kept = set(Membership.objects.filter(user__department="North").values_list("pk", flat=True))
    with django_assert_max_num_queries(80):
        dynamic_groups.work()
    assert told(group) == ([1000, 1000, 0, 0], [0, 0, 1000, 200])
    assert set(Membership.objects.values_list("pk", flat=True)) == kept


def test_a_crowd_of_changes_is_looked_at_together(django_assert_max_num_queries: Any) -> None:
    made = [dynamic(f'title eq "{title}"', title) for title in ("A", "B", "C")]
    make_people(400, title="B")
    with django_assert_max_num_queries(60):
        assert dynamic_groups.drain() >= 400
    assert [Membership.objects.filter(group=group).count() for group in made] == [0, 400, 0]


def test_changes_of_people_do_not_wait_for_a_large_group(monkeypatch: pytest.MonkeyPatch) -> None:
    small = dynamic('title eq "Guide"')
    people = make_people(5)
    large = groups.create_group(actor=actor(), display_name="Large", filter_text="userName pr")
    Delivery.objects.all().delete()
    change(people[0], title="Guide")
    monkeypatch.setattr(memberships, "COMPUTED_AT_ONCE", 2)
    dynamic_groups.compute_due()
    assert [Membership.objects.filter(group=group).count() for group in (small, large)] == [1, 5]


def test_whoever_dies_with_a_claim_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    group = dynamic('title eq "Guide"')
    make_person("anna", title="Guide")

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(dynamic_groups, "compute_members", killed)
        dynamic_groups.drain()
    assert dynamic_groups.drain() == 0
    Delivery.objects.filter(consumer=Consumer.RULES).update(claimed_until="2020-01-01T00:00Z")
    assert dynamic_groups.drain() > 0
    assert names(group) == {"anna"}


def test_changes_left_because_our_database_failed_are_taken_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    group = dynamic('title eq "Guide"')
    make_person("anna", title="Guide")

    def lost(*_: object, **__: object) -> bool:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched, pytest.raises(OperationalError):
        patched.setattr(dynamic_groups, "compute_members", lost)
        dynamic_groups.drain()
    assert names(group) == {"anna"}


def test_a_rule_that_fails_stops_no_other_and_is_made_up_for() -> None:
    broken, sound = dynamic('title eq "Guide"', "Broken"), dynamic('title eq "Guide"', "Sound")
    Group.objects.filter(pk=broken.pk).update(filter_text="no filter", recompute_at=timezone.now())
    make_person("anna", title="Guide")
    assert (names(broken), names(sound)) == (set(), {"anna"})
    Group.objects.filter(pk=broken.pk).update(filter_text='title eq "Guide"', recompute_at=timezone.now())
    assert names(broken) == {"anna"}


def test_what_a_change_under_way_missed_is_found_at_the_second_look() -> None:
    group = dynamic('title eq "Guide"')
    make_person("anna", title="Guide")
    Delivery.objects.filter(consumer=Consumer.RULES).delete()
    assert names(group) == set()
    group.refresh_from_db()
    assert group.recompute_at is not None
    assert group.recompute_at - timezone.now() <= memberships.SECOND_LOOK
    Group.objects.filter(pk=group.pk).update(recompute_at=timezone.now())
    assert names(group) == {"anna"}
    group.refresh_from_db()
    assert group.recompute_at is not None
    assert group.recompute_at - timezone.now() > memberships.SECOND_LOOK
