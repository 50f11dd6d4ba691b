"""From change events to operations."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError

from connectors.engine import fanout
from connectors.engine.claiming import dialect
from connectors.engine.queue import chunks
from connectors.models import Operation
from connectors.vocabulary import Lane, LinkState, OperationState, SystemState
from identities import outbox
from identities.actors import Actor, admin_actor, file_actor
from identities.models import Delivery, Group, OrgUnit, User
from identities.vocabulary import EventKind, ObjectType
from tests.connectors.engine.rows import (
    NOW,
    a_group,
    a_link,
    a_person,
    a_system,
    an_org_unit,
    join,
    people,
    put,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ADMIN = admin_actor(UUID(int=1), "Ada")


def announce(kind: EventKind, subject: User | Group | OrgUnit, *, actor: Actor = ADMIN, **more: object) -> None:
    """Announce a change of a subject."""
    types = {User: ObjectType.USER, Group: ObjectType.GROUP, OrgUnit: ObjectType.ORG_UNIT}
    outbox.announce(kind, types[type(subject)], subject.pk, actor=actor, **more)  # type: ignore[arg-type]  # passed on


def waiting() -> set[str]:
    """The names of what waits."""
    return set(Operation.objects.filter(state=OperationState.WAITING).values_list("object_name", flat=True))


def changed(user: User, *attributes: str, **more: object) -> None:
    """Announce a change of a user and drain."""
    announce(EventKind.USER_CHANGED, user, attributes=attributes, **more)
    fanout.drain()


def test_a_person_in_scope_is_enqueued_with_their_cause() -> None:
    system, anna = a_system(), a_person("anna")
    announce(EventKind.USER_CREATED, anna)

    assert fanout.drain() == 1

    operation = Operation.objects.get()
    assert (operation.system, operation.object_id, operation.lane) == (system, anna.pk, Lane.INTERACTIVE)
    assert (operation.cause, operation.correlation_id) == ("user.created by Ada", ADMIN.correlation_id)
    assert not Delivery.objects.filter(done_at=None).exists()
    assert fanout.drain() == 0


def test_nothing_is_enqueued_where_no_system_needs_it() -> None:
    a_system("filtered", scope_filter='userName eq "somebody"')
    a_system("draft", state=SystemState.PAUSED)
    a_system("going", state=SystemState.DELETING)
    announce(EventKind.USER_CREATED, a_person("anna"))
    announce(EventKind.USER_CREATED, a_person("robot", kind="operator"))

    assert fanout.drain() == 2
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("state", "expected"),
    [(LinkState.LINKED, 1), (LinkState.PENDING, 1), (LinkState.DISPUTED, 1), (LinkState.REMOVED, 0)],
)
def test_a_link_is_a_reason_when_the_scope_is_none(state: LinkState, expected: int) -> None:
    system, anna = a_system(scope_filter='userName eq "somebody"'), a_person("anna")
    a_link(system, anna, state)
    changed(anna, "title")

    assert Operation.objects.count() == expected


def test_work_under_way_is_a_reason_too() -> None:
    system, anna = a_system(scope_filter='userName eq "somebody"'), a_person("anna")
    put(system, anna)
    Operation.objects.update(state=OperationState.IN_FLIGHT)
    changed(anna, "title")

    assert waiting() == {"anna"}


def test_a_paused_system_that_has_links_collects_changes() -> None:
    system, anna = a_system(state=SystemState.PAUSED), a_person("anna")
    a_link(system, anna)
    changed(anna, "title")

    assert waiting() == {"anna"}


def test_losing_access_goes_first_and_files_go_last() -> None:
    a_system()
    anna, berta, cora = people(3)
    announce(EventKind.USER_CHANGED, anna, urgent=True)
    announce(EventKind.USER_CHANGED, berta)
    announce(EventKind.USER_CHANGED, cora, actor=file_actor("hr"))
    fanout.drain()

    lanes = dict(Operation.objects.values_list("object_id", "lane"))
    assert lanes == {anna.pk: Lane.REMOVAL, berta.pk: Lane.INTERACTIVE, cora.pk: Lane.BULK}


def test_a_crowd_changed_at_once_stands_behind_single_people() -> None:
    a_system()
    for person in people(fanout.CROWD + 1):
        announce(EventKind.USER_CHANGED, person)
    fanout.drain()

    assert set(Operation.objects.values_list("lane", flat=True)) == {Lane.BULK}


def test_reports_follow_what_they_see_of_their_manager() -> None:
    a_system()
    anna = a_person("anna")
    a_person("berta", manager=anna)
    changed(anna, "title")
    assert waiting() == {"anna"}

    changed(anna, "user_name", urgent=True)

    assert waiting() == {"anna", "berta"}
    assert Operation.objects.get(object_name="berta").lane == Lane.INTERACTIVE


def test_a_deleted_person_leaves_their_reports_and_groups() -> None:
    system, anna = a_system(), a_person("anna")
    a_link(system, anna)
    a_person("berta", manager=anna)
    staff = a_group("staff")
    User.objects.filter(pk=anna.pk).update(deleted_at=NOW, user_name_key=None)
    announce(EventKind.USER_DELETED, anna, facts={"groups": [str(staff.pk)]}, urgent=True)
    fanout.drain()

    assert waiting() == {"anna", "berta", "staff"}


def test_a_membership_touches_the_group_and_who_came_or_went() -> None:
    a_system()
    anna, berta, cora, dora = people(4)
    inner = a_group("inner", dora)
    staff = a_group("staff", anna, berta, inner)
    facts = {"added_users": [str(berta.pk)], "removed_users": [str(cora.pk)], "added_groups": [str(inner.pk)]}
    announce(EventKind.MEMBERSHIP_CHANGED, staff, facts=facts)
    fanout.drain()

    assert waiting() == {"staff", "person001", "person002", "person003"}


def test_a_renamed_group_touches_everybody_in_it() -> None:
    a_system()
    anna, berta = people(2)
    announce(EventKind.GROUP_CHANGED, a_group("staff", anna, a_group("inner", berta)), attributes=["display_name"])
    fanout.drain()

    assert waiting() == {"staff", "person000", "person001"}


def test_a_deleted_group_touches_everybody_below_it_and_the_groups_above() -> None:
    system, (anna, berta) = a_system(), people(2)
    for person in (anna, berta):
        a_link(system, person)
    staff, above = a_group("staff", anna, a_group("inner", berta)), a_group("above")
    Group.objects.filter(pk=staff.pk).update(deleted_at=NOW, display_name_key=None)
    announce(EventKind.GROUP_DELETED, staff, facts={"parents": [str(above.pk)]}, urgent=True)
    fanout.drain()

    assert waiting() == {"above", "person000", "person001"}


def test_an_org_unit_touches_everybody_below_it() -> None:
    a_system()
    sales = an_org_unit("sales")
    a_person("anna", org_unit=sales)
    a_person("berta", org_unit=an_org_unit("field", sales))
    a_person("cora", org_unit=an_org_unit("it"))
    announce(EventKind.ORG_UNIT_CHANGED, sales, attributes=["name"])
    fanout.drain()

    assert waiting() == {"anna", "berta"}


def test_groups_are_enqueued_only_where_they_are_provisioned() -> None:
    a_system("people only", provisions_groups=False)
    teams = a_system("teams", group_filter='displayName sw "team"')
    announce(EventKind.GROUP_CREATED, a_group("team blue"))
    announce(EventKind.GROUP_CREATED, a_group("others"))
    fanout.drain()

    assert list(Operation.objects.values_list("system", "object_name")) == [(teams.pk, "team blue")]


def test_an_event_is_left_to_the_worker_that_has_it() -> None:
    a_system()
    announce(EventKind.USER_CREATED, a_person("anna"))
    Delivery.objects.update(claimed_by="other", claimed_until="2999-01-01T00:00Z")
    assert fanout.drain() == 0

    Delivery.objects.update(claimed_until=NOW)
    assert fanout.drain() == 1


def test_events_left_because_our_database_failed_are_taken_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    a_system()
    announce(EventKind.USER_CREATED, a_person("anna"))

    def lost(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(fanout, "_enqueue", lost)
        with pytest.raises(OperationalError):
            fanout.drain()

    assert fanout.drain() == 1
    assert waiting() == {"anna"}
    assert not fanout._claims.given_up


def test_a_scope_that_cannot_be_read_stops_no_other_system() -> None:
    broken, anna = a_system("broken", scope_filter="not a filter"), a_person("anna")
    a_link(broken, anna)
    announce(EventKind.USER_CREATED, anna)
    announce(EventKind.USER_CREATED, a_person("berta"))
    a_system("fine")
    fanout.drain()

    found = set(Operation.objects.values_list("system__name", "object_name"))
    assert found == {("broken", "anna"), ("fine", "anna"), ("fine", "berta")}


def test_an_event_that_cannot_be_treated_blocks_no_other() -> None:
    a_system()
    anna, staff = a_person("anna"), a_group("staff")
    announce(EventKind.MEMBERSHIP_CHANGED, staff, facts={"added_users": ["not an id"]})
    announce(EventKind.MEMBERSHIP_CHANGED, staff, facts={"added_users": [str(anna.pk)]})

    assert fanout.drain() == 1
    assert waiting() == {"staff", "anna"}
    assert Delivery.objects.filter(done_at=None).count() == 1


def test_an_event_our_database_refuses_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    a_system()
    staff, anna = a_group("staff"), a_person("anna")
    announce(EventKind.GROUP_CREATED, staff)
    announce(EventKind.USER_CREATED, anna)
    enqueue = fanout._enqueue

    def refuses(part: fanout._Part, bundle: fanout._Bundle) -> None:
        if bundle.kind is EventKind.GROUP_CREATED:
            raise DataError("no such character")
        enqueue(part, bundle)

    monkeypatch.setattr(fanout, "_enqueue", refuses)

    assert fanout.drain() == 1
    assert waiting() == {"anna"}


def test_statements_do_not_grow_with_the_number_of_events(django_assert_max_num_queries: object) -> None:
    a_system()
    crowd = people(200)
    join(a_group("staff"), crowd[0])
    for person in crowd:
        announce(EventKind.USER_CREATED, person)

    with django_assert_max_num_queries(40):  # type: ignore[operator]  # a fixture that is a context manager
        fanout.drain()
    assert Operation.objects.count() == 200


def test_a_deadlock_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    a_system()
    announce(EventKind.USER_CREATED, a_person("anna"))
    enqueue, failures = fanout._enqueue, iter([OperationalError("deadlock detected")])

    def fails_once(*arguments: Any) -> None:
        for failure in failures:
            raise failure
        enqueue(*arguments)

    monkeypatch.setattr(fanout, "_enqueue", fails_once)

    assert fanout.drain() == 1
    assert waiting() == {"anna"}


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_crowd_is_enqueued_in_transactions_of_bounded_size(monkeypatch: pytest.MonkeyPatch, taken_over: bool) -> None:
    monkeypatch.setattr(fanout, "CHUNK", 2)
    monkeypatch.setattr("connectors.engine.queue.CHUNK", 2)
    monkeypatch.setattr(fanout, "chunks", partial(chunks, size=2))
    for name in ("one", "two"):
        a_system(name)
    unit = an_org_unit("sales")
    for number in range(5):
        a_person(f"person{number}", org_unit=unit)
    announce(EventKind.ORG_UNIT_CHANGED, unit, attributes=["name"])
    breaths = []

    def breathe() -> None:
        breaths.append(Operation.objects.count())
        if taken_over:
            Delivery.objects.update(claimed_by="another")

    monkeypatch.setattr(dialect(), "give_way", breathe)
    fanout.drain()

    assert breaths == ([2] if taken_over else [2, 4, 5, 7, 9])
    assert Delivery.objects.filter(done_at=None).exists() == taken_over
    assert Operation.objects.count() == (2 if taken_over else 10)
