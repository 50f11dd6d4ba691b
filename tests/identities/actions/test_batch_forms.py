"""Batch forms: results in order, refusals in their place and nothing written for them, statements by the chunk."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from identities.actions import associations, attribute_definitions, batches, clients, groups, memberships, org_units
from identities.actions.chunks import chunks
from identities.actors import file_actor
from identities.errors import Conflict, IdentityError, RuleViolation, ValueOwned
from identities.models import AuditEntry, ChangeEvent, ClientAssociation, Group, OrgUnit, User
from tests.factories import actor, make_client, make_group, make_org_unit, make_person
from tests.identities.actions.batch_forms import FORMS, adopting_client, sound
from tests.identities.actions.cases import CASES

pytestmark = pytest.mark.django_db
HR = file_actor("hr")
TELLING_NOBODY = (
    "associations.",
    "attribute_definitions.",
    "clients.",
    "person_tokens.",
)

# Their forms are asked about with the actions on people, and this one gives back a number.
ASKED_ELSEWHERE = ("lifecycle.", "users.", "associations.drop_associations_many")


def test_every_batch_form_stands_in_the_table() -> None:
    forms = {name for name in CASES if name.endswith("_many") and not name.startswith(ASKED_ELSEWHERE)}
    assert forms == set(FORMS)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_refusal_stands_in_its_place_and_nothing_is_written_for_it(name: str) -> None:
    form = FORMS[name]
    first, second = form.items(2, "sound")
    refused = form.refused()
    before = AuditEntry.objects.count(), ChangeEvent.objects.count()
    results = form.act([first, refused, second], actor=actor())
    assert [getattr(each, "code", None) if isinstance(each, IdentityError) else None for each in results] == [
        None,
        form.code,
        None,
    ]
    done = [str(_subject(results[0])), str(_subject(results[2]))]
    entries = [entry.subject_id for entry in AuditEntry.objects.order_by("pk")[before[0] :]]
    assert Counter(entries) == Counter(done)
    events = [str(event.object_id) for event in ChangeEvent.objects.order_by("pk")[before[1] :]]
    assert Counter(events) == Counter([] if name.startswith(TELLING_NOBODY) else done)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_results_are_in_the_order_of_the_items(name: str) -> None:
    form = FORMS[name]
    items = form.items(4, "sound")
    wanted = [_name(item) for item in reversed(items)]
    assert [_name(result) for result in form.act(list(reversed(items)), actor=actor())] == wanted


@pytest.mark.parametrize("name", sorted(FORMS))
def test_three_hundred_cost_as_many_statements_as_ten(name: str) -> None:
    form = FORMS[name]

    def statements(number: int, word: str) -> list[str]:
        items = form.items(number, word)
        with CaptureQueriesContext(connection) as captured:
            assert len(sound(form.act(items, actor=actor()))) == number
        return [each["sql"].partition(" ")[0] for each in captured]

    form.act(form.items(1, "warm"), actor=actor())  # what only the first of a kind costs
    few, many = Counter(statements(10, "few")), Counter(statements(300, "many"))
    # SQLite cuts what it inserts into parts of a few dozen rows. The count of parts is what may not grow.
    assert many.pop("INSERT", 0) - few.pop("INSERT", 0) < 60
    assert many == few


def test_one_name_twice_in_a_batch_is_refused_the_second_time() -> None:
    for act, rows in (
        (groups.create_groups_many, [groups.NewGroup("Twice"), groups.NewGroup("twice")]),
        (org_units.create_org_units_many, [org_units.NewOrgUnit("Twice"), org_units.NewOrgUnit("twice")]),
        (clients.create_clients_many, [clients.NewClient("Twice"), clients.NewClient("Twice")]),
        (
            attribute_definitions.create_attribute_definitions_many,
            [attribute_definitions.NewAttributeDefinition(name) for name in ("Twice", "twice")],
        ),
    ):
        first, second = act(rows, actor=actor())
        assert not isinstance(first, IdentityError)
        assert isinstance(second, Conflict)


@pytest.mark.parametrize(
    "name",
    [
        "attribute_definitions.delete_attribute_definitions_many",
        "clients.revoke_tokens_many",
        "groups.delete_groups_many",
        "groups.restore_groups_many",
        "org_units.delete_org_units_many",
    ],
)
def test_an_object_named_twice_is_told_of_once(name: str) -> None:
    form = FORMS[name]
    [item] = form.items(1, "sound")
    before = AuditEntry.objects.count()
    results = form.act([item, item], actor=actor())
    assert len(results) == 2
    assert AuditEntry.objects.count() == before + 1


def test_an_association_dropped_twice_at_once_is_counted_and_told_of_once() -> None:
    client, person = make_client(), make_person()
    associations.associate(client, person, actor=actor())
    before = AuditEntry.objects.count()
    assert associations.drop_associations_many(client, [person, person], actor=actor()) == 1
    assert AuditEntry.objects.count() == before + 1


def test_a_refused_adoption_hands_nothing_over() -> None:
    client, person = adopting_client(), make_person(by=HR)
    with pytest.raises(RuleViolation):
        associations.adopt(client, person, actor=actor(), external_id="x" * 256)
    assert User.objects.get(pk=person.pk).default_origin == HR.origin
    assert not client.associations.exists()


def test_two_deleted_groups_of_one_name_do_not_both_come_back() -> None:
    gone = [groups.delete_group(make_group("Same"), actor=actor()) for _ in range(2)]
    first, second = groups.restore_groups_many(gone, actor=actor())
    assert first.display_name_key == "same"
    assert isinstance(second, Conflict)


def test_a_refused_change_takes_no_name_from_those_after_it() -> None:
    theirs, ours = make_group(by=actor()), make_group(by=HR)
    results = groups.update_groups_many(
        [
            groups.GroupUpdate(theirs, {"display_name": "Wanted", "description": "x"}, mode="refuse"),
            groups.GroupUpdate(ours, {"display_name": "Wanted"}),
        ],
        actor=HR,
    )
    assert isinstance(results[0], ValueOwned)
    assert results[1].changed == ("display_name",)


def test_a_group_and_the_one_it_is_in_go_together() -> None:
    inner, outer = make_group(), make_group()
    memberships.add_members(outer, [inner], actor=actor())
    sound(groups.delete_groups_many([outer, inner], actor=actor()))
    assert not Group.objects.present().filter(pk__in=[inner.pk, outer.pk]).exists()
    event = ChangeEvent.objects.filter(object_id=inner.pk).latest("pk")
    assert (event.urgent, event.facts) == (True, {"parents": [str(outer.pk)]})


def test_units_chosen_with_those_above_them_go_lowest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "chunks", partial(chunks, size=2))
    top = make_org_unit()
    middle = make_org_unit(parent=top)
    bottom = [make_org_unit(parent=middle) for _ in range(3)]
    results = sound(org_units.delete_org_units_many([top, middle, *bottom], actor=actor()))
    assert [unit.pk for unit in results] == [top.pk, middle.pk, *(unit.pk for unit in bottom)]
    assert not OrgUnit.objects.filter(deleted_at=None).exists()


def test_a_unit_that_stays_keeps_those_above_it() -> None:
    top = make_org_unit()
    stays = make_org_unit(parent=top)
    goes = make_org_unit(parent=top)
    make_person(org_unit=stays.pk)
    results = org_units.delete_org_units_many([top, stays, goes], actor=actor())
    refused = [each for each in results if isinstance(each, RuleViolation)]
    assert [each.facts for each in refused] == [{"units": 1, "people": 0}, {"units": 0, "people": 1}]
    assert set(OrgUnit.objects.filter(deleted_at=None)) == {top, stays}


def test_moves_of_one_batch_close_no_circle_together() -> None:
    first, second, third = make_org_unit(), make_org_unit(), make_org_unit()
    results = org_units.move_org_units_many(
        [
            org_units.OrgUnitMove(first, second),
            org_units.OrgUnitMove(second, third),
            org_units.OrgUnitMove(third, first),
        ],
        actor=actor(),
    )
    assert [getattr(each, "code", None) if isinstance(each, IdentityError) else "moved" for each in results] == [
        "moved",
        "moved",
        "org_unit_loop",
    ]
    parents = dict(OrgUnit.objects.values_list("pk", "parent_id"))
    assert parents == {first.pk: second.pk, second.pk: third.pk, third.pk: None}


@pytest.mark.database
def test_an_object_that_a_batch_changes_twice_is_written_as_it_ends() -> None:
    """PostgreSQL writes no row twice in one statement."""
    unit, other, first, second = (make_org_unit() for _ in range(4))
    there = [
        org_units.OrgUnitMove(unit, first),
        org_units.OrgUnitMove(other, first),
        org_units.OrgUnitMove(unit, second),
    ]
    sound(org_units.move_org_units_many(there, actor=actor()))
    group, another = make_group(), make_group()
    changes = [(group, "x"), (another, "x"), (group, "y")]
    updates = [groups.GroupUpdate(each, {"description": text}) for each, text in changes]
    sound(groups.update_groups_many(updates, actor=actor()))
    assert OrgUnit.objects.get(pk=unit.pk).parent_id == second.pk
    assert Group.objects.get(pk=group.pk).description == "y"


def _subject(result: Any) -> Any:
    """The id of what the audit trail tells of."""
    if isinstance(result, ClientAssociation):
        return result.user_id
    return result.group.pk if isinstance(result, groups.GroupUpdateResult) else result.pk


def _name(thing: Any) -> str:
    """What an item of `FORMS`, or its result, was called at first."""
    if isinstance(thing, (associations.Acquaintance, ClientAssociation)):
        return str(thing.external_id)
    for part in ("group", "unit", "client", "definition"):
        if isinstance(inner := getattr(thing, part, None), Model):
            thing = inner
    found = getattr(thing, "display_name", None) or thing.name
    return str(found).removeprefix("new ")
