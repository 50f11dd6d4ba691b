"""Groups, managers and renames: what refers to an account follows it."""

from typing import Any

import pytest

from connectors.catalog.memory import MemoryStore
from connectors.catalog.memory.script import Call
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import converge
from connectors.engine.dependents import dependents_of
from connectors.models import Link, Operation, RemoteMembership
from connectors.spi import ObjectClass, Transient
from connectors.vocabulary import Lane
from identities.models import Group, Membership, User
from identities.vocabulary import ObjectType
from tests.connectors.engine.converging import Place, run
from tests.connectors.engine.referring import by_name, rung, work_off
from tests.connectors.engine.rows import NOW, a_group, a_person, join, make_due, people, put

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("quick")]


@pytest.fixture
def place() -> Place:
    """A system whose accounts are referred to by name, so that a rename changes the reference, as in a directory."""
    return by_name()


def members(store: MemoryStore) -> list[str]:
    """The members of the only group there is."""
    (record,) = store.records(ObjectClass.GROUP).values()
    return sorted(str(each) for each in record.attributes.get("members", ()))


def manager(store: MemoryStore, name: str) -> Any:
    """Whom the account of this name refers to."""
    records = store.records(ObjectClass.USER).values()
    (found,) = [record for record in records if record.attributes["userName"] == (name,)]
    return found.attributes.get("manager", (None,))[0]


def rename(person: User, name: str) -> User:
    User.objects.filter(pk=person.pk).update(user_name=name, user_name_key=name, rendering_version=0)
    return User.objects.get(pk=person.pk)


def test_a_group_gets_the_members_that_have_accounts_and_waits_for_the_others(place: Place) -> None:
    system, store = place
    ada, grace, stranger = a_person("ada"), a_person("grace"), a_person("stranger")
    team = a_group("team", ada, grace, stranger)
    run(system, ada)
    put(system, grace)

    outcome = run(system, team)

    assert members(store) == ["user:ada"]
    assert outcome.difference["waiting_for"] == 1  # the stranger is nowhere on the way
    assert Link.objects.get(group=team).unresolved == 1
    assert work_off(system) >= 2
    assert members(store) == ["user:ada", "user:grace"]
    assert Link.objects.get(group=team).unresolved == 0


def test_a_group_is_written_as_a_delta(place: Place) -> None:
    system, store = place
    ada, grace = a_person("ada"), a_person("grace")
    team = a_group("team", ada)
    for each in (ada, grace, team):
        run(system, each)
    (record,) = store.records(ObjectClass.GROUP).values()
    store.change(ObjectClass.GROUP, record, {**record.attributes, "members": ("user:ada", "user:local")}, enabled=None)
    join(team, grace)
    Membership.objects.filter(group=team, user=ada).delete()

    outcome = run(system, team)

    assert outcome.difference["members"] == {"add": 1, "remove": 1, "added": ["grace"], "removed": ["ada"]}
    assert members(store) == ["user:grace", "user:local"]
    assert run(system, team).verdict == "nothing"


def test_a_renamed_member_is_exchanged_in_its_groups(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)

    run(system, rename(ada, "ava"))

    assert (ObjectType.GROUP, team.pk) in rung(system)
    work_off(system)
    assert members(store) == ["user:ava"]


def test_reports_learn_of_their_manager_when_the_manager_gets_an_account_and_is_renamed(place: Place) -> None:
    system, store = place
    boss = a_person("boss")
    ada = a_person("ada", manager=boss)

    waiting = run(system, ada)
    assert waiting.ending is Ending.DONE
    assert waiting.difference["waiting_for"] == 1
    assert manager(store, "ada") is None

    run(system, boss)
    work_off(system)
    assert manager(store, "ada") == "user:boss"
    assert Link.objects.get(user=ada).unresolved == 0

    run(system, rename(boss, "chief"))
    work_off(system)
    assert manager(store, "ada") == "user:chief"


def test_two_people_who_manage_each_other_converge(place: Place) -> None:
    system, store = place
    ada, grace = a_person("ada"), a_person("grace")
    User.objects.filter(pk=ada.pk).update(manager=grace)
    User.objects.filter(pk=grace.pk).update(manager=ada)
    put(system, ada, grace)

    work_off(system)

    assert (manager(store, "ada"), manager(store, "grace")) == ("user:grace", "user:ada")


def test_members_go_in_chunks_and_an_interrupted_group_goes_on_where_it_stopped() -> None:
    system, store = by_name(members_per_update=3)
    crowd = people(8)
    team = a_group("team", *crowd)
    for person in crowd:
        run(system, person)
    store.script.before.append(_busy_from_the_third_chunk_on())

    assert run(system, team).ending is Ending.RETRY
    assert len(members(store)) == RemoteMembership.objects.count() == 6
    store.script.clear()
    store.journal.clear()
    assert run(system, team).ending is Ending.DONE
    assert len(members(store)) == 8
    assert [call.operation for call in store.journal if call.operation == "update"] == ["update"]


def test_members_that_are_renamed_are_exchanged_in_chunks_and_leave_when_they_go() -> None:
    system, store = by_name(members_per_update=3)
    crowd = people(4)
    team = a_group("team", *crowd)
    for person in crowd:
        run(system, person)
    run(system, team)
    for person in crowd:
        run(system, rename(person, f"new-{person.user_name}"))
    a_newcomer = a_person("newcomer")
    run(system, a_newcomer)
    join(team, a_newcomer)

    run(system, team)

    assert members(store) == [*(f"user:new-person00{number}" for number in range(4)), "user:newcomer"]
    assert RemoteMembership.objects.count() == 5
    Membership.objects.filter(group=team).delete()
    run(system, team)
    assert members(store) == []


def test_a_renamed_member_leaves_where_the_system_followed_the_rename_itself(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    (record,) = store.records(ObjectClass.GROUP).values()
    run(system, rename(ada, "ava"))
    store.change(ObjectClass.GROUP, record, {**record.attributes, "members": ("user:ava",)}, enabled=None)
    Membership.objects.filter(group=team).delete()

    work_off(system)

    assert members(store) == []
    assert not RemoteMembership.objects.exists()


def test_a_member_who_is_renamed_while_leaving_leaves_all_the_same(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    Membership.objects.filter(group=team).delete()

    def renamed(call: Call) -> None:
        if call.operation == "update":
            store.script.before.remove(renamed)
            run(system, rename(ada, "ava"))
            (record,) = store.records(ObjectClass.GROUP).values()
            store.change(ObjectClass.GROUP, record, {**record.attributes, "members": ("user:ava",)}, enabled=None)

    store.script.before.append(renamed)
    run(system, team)
    work_off(system)

    assert members(store) == []


def test_somebody_new_with_the_name_of_a_member_who_left_is_in_the_group(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    User.objects.filter(pk=ada.pk).update(deleted_at=NOW, user_name_key=None)
    run(system, ada)
    another = a_person("ada")
    join(team, another)
    run(system, another)

    run(system, team)

    assert members(store) == ["user:ada"]
    assert list(RemoteMembership.objects.values_list("member_link__object_id", flat=True)) == [another.pk]


def test_a_large_group_is_written_by_several_operations(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.engine.membership_delta.MOST_CHANGES", 2)
    system, store = place
    crowd = people(5)
    team = a_group("team", *crowd)
    for person in crowd:
        run(system, person)
    Operation.objects.all().delete()

    assert run(system, team).difference["members"]["add"] == 2
    assert rung(system) == {(ObjectType.GROUP, team.pk)}
    work_off(system)
    assert len(members(store)) == 5

    for person in crowd:
        run(system, rename(person, f"new-{person.user_name}"))
    work_off(system)
    assert members(store) == [f"user:new-person00{number}" for number in range(5)]

    Membership.objects.filter(group=team).delete()
    put(system, team)
    work_off(system)
    assert members(store) == []


def _busy_from_the_third_chunk_on() -> Any:
    updates = []

    def observe(call: Any) -> None:
        if call.operation == "update":
            updates.append(call)
            if len(updates) >= 3:
                raise Transient("busy")

    return observe


def test_a_member_whose_account_is_deleted_leaves_its_groups(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    User.objects.filter(pk=ada.pk).update(deleted_at=NOW, user_name_key=None)

    run(system, ada)

    assert rung(system) == {(ObjectType.GROUP, team.pk)}
    work_off(system)
    assert members(store) == []
    assert not RemoteMembership.objects.exists()


def test_a_group_that_was_lost_gets_all_its_members_back(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    (lost,) = store.records(ObjectClass.GROUP)
    store.remove(ObjectClass.GROUP, lost)

    assert run(system, team).verdict == "recreate"
    assert members(store) == ["user:ada"]


def test_an_account_that_was_lost_is_put_back_into_its_groups(place: Place) -> None:
    system, store = place
    ada = a_person("ada")
    team = a_group("team", ada)
    run(system, ada)
    run(system, team)
    (lost,) = store.records(ObjectClass.USER)
    store.remove(ObjectClass.USER, lost)
    (record,) = store.records(ObjectClass.GROUP).values()
    store.change(ObjectClass.GROUP, record, {**record.attributes, "members": ()}, enabled=None)

    run(system, ada)
    work_off(system)

    assert members(store) == ["user:ada"]


def test_an_empty_group_is_created_and_a_deleted_one_removed(place: Place) -> None:
    system, store = place
    team = a_group("team")
    assert run(system, team).verdict == "create"
    assert members(store) == []
    Group.objects.filter(pk=team.pk).update(deleted_at=NOW, display_name_key=None)
    assert run(system, team).verdict == "delete"
    assert not store.records(ObjectClass.GROUP)


def test_a_worker_that_vanished_takes_no_dependents_with_it(place: Place) -> None:
    system, store = place
    boss = a_person("boss")
    ada = a_person("ada", manager=boss)
    run(system, ada)
    put(system, boss, lane=Lane.BULK)
    make_due(object_id=boss.pk)
    (claim,) = claim_due("doomed", 1)
    converge(claim)  # it dies before it can finish
    Operation.objects.filter(pk=claim.operation_id).update(lease_until=NOW)

    work_off(system)

    assert manager(store, "ada") == "user:boss"


def test_a_group_that_is_being_made_at_this_moment_follows_its_member(place: Place) -> None:
    system, _store = place
    ada = a_person("ada")
    group, other = a_group("staff", ada), a_group("others", ada)
    put(system, group)
    assert [claim.object_id for claim in claim_due("two", 10)] == [group.pk]
    assert dependents_of(system, ObjectType.USER, ada.pk, had_reference=False) == ((ObjectType.GROUP, group.pk),)
    assert other.pk not in {
        object_id for _kind, object_id in dependents_of(system, ObjectType.USER, ada.pk, had_reference=True)
    }


def test_a_report_whose_account_is_being_made_at_this_moment_follows_the_manager(place: Place) -> None:
    system, _store = place
    boss = a_person("boss")
    ada = a_person("ada", manager=boss)
    a_person("grace", manager=boss)
    put(system, ada)
    claim_due("two", 10)
    assert dependents_of(system, ObjectType.USER, boss.pk, had_reference=False) == ((ObjectType.USER, ada.pk),)
