"""The org structure."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from identities.actions import lifecycle, org_units
from identities.actors import file_actor
from identities.errors import Conflict, NotFound, RuleViolation, ValueOwned
from identities.models import AuditEntry, ChangeEvent, OrgUnit, User
from identities.vocabulary import EventKind
from tests.factories import actor, client_actor, make_client, make_org_unit, make_person

pytestmark = pytest.mark.django_db
HR = file_actor("hr")


def test_units_are_made_audited_and_announced() -> None:
    boss = make_person()
    top = make_org_unit("Research")
    unit = org_units.create_org_unit(actor=HR, name="Labs", code="L-1", parent=top, manager=boss.pk)
    stored = OrgUnit.objects.get(pk=unit.pk)
    assert (stored.code_key, stored.name_key, stored.parent_id, stored.manager_id) == ("l-1", "labs", top.pk, boss.pk)
    assert AuditEntry.objects.get(subject_id=str(unit.pk)).verb == "org_unit.created"
    event = ChangeEvent.objects.get(object_id=unit.pk)
    assert (event.kind, event.object_type) == (EventKind.ORG_UNIT_CHANGED, "org_unit")


def test_codes_are_taken_whatever_their_case() -> None:
    make_org_unit("Labs")
    other = make_org_unit("Shop")
    with pytest.raises(Conflict):
        make_org_unit("LABS")
    with pytest.raises(Conflict) as refusal:
        org_units.update_org_unit(other, actor=actor(), changes={"code": "labs"})
    assert refusal.value.code == "org_unit_code_taken"


def test_changes_belong_to_their_writer() -> None:
    unit = make_org_unit("Labs", by=HR)
    with pytest.raises(ValueOwned):
        org_units.update_org_unit(unit, actor=client_actor(make_client()), changes={"name": "Lab"})
    changed = org_units.update_org_unit(unit, actor=actor(), changes={"name": "Laboratories", "manager": None})
    assert (changed.name, changed.name_key, changed.origin) == ("Laboratories", "laboratories", "admin")
    assert AuditEntry.objects.latest("pk").changes == {"name": ["Labs", "Laboratories"]}
    with pytest.raises(ValueOwned):
        org_units.update_org_unit(unit, actor=HR, changes={"name": "Labs"})
    entries = AuditEntry.objects.count()
    org_units.update_org_unit(unit, actor=HR, changes={"name": "Laboratories"})
    assert AuditEntry.objects.count() == entries


def test_units_move_but_not_below_themselves() -> None:
    top = make_org_unit()
    middle = make_org_unit(parent=top)
    bottom = make_org_unit(parent=middle)
    for below in (top, middle, bottom):
        with pytest.raises(RuleViolation) as refusal:
            org_units.move_org_unit(top, actor=actor(), parent=below)
        assert refusal.value.code == "org_unit_loop"
    moved = org_units.move_org_unit(bottom, actor=actor(), parent=top)
    assert moved.parent_id == top.pk
    event = ChangeEvent.objects.latest("pk")
    assert (event.attributes, event.facts) == (["parent"], {"parent": str(middle.pk)})
    events = ChangeEvent.objects.count()
    org_units.move_org_unit(bottom, actor=actor(), parent=top.pk)
    assert ChangeEvent.objects.count() == events


def test_only_empty_units_are_deleted_unless_everybody_moves_up() -> None:
    top = make_org_unit()
    middle = make_org_unit("Middle", parent=top)
    bottom = make_org_unit(parent=middle)
    person, gone = make_person(org_unit=middle), make_person(org_unit=middle)
    lifecycle.delete_user(gone, actor=actor())
    with pytest.raises(RuleViolation) as refusal:
        org_units.delete_org_unit(middle, actor=actor())
    assert (refusal.value.code, refusal.value.facts) == ("org_unit_not_empty", {"units": 1, "people": 1})
    org_units.delete_org_unit(middle, actor=actor(), move_up=True)
    assert User.objects.get(pk=person.pk).org_unit_id == top.pk
    assert OrgUnit.objects.get(pk=bottom.pk).parent_id == top.pk
    deletion = ChangeEvent.objects.get(object_id=middle.pk, attributes=["deleted_at"])
    assert deletion.facts == {"parent": str(top.pk), "deleted": True}
    assert ChangeEvent.objects.filter(object_id=person.pk, kind=EventKind.USER_CHANGED).count() == 1
    with pytest.raises(NotFound):
        org_units.update_org_unit(middle, actor=actor(), changes={"name": "x"})
    make_org_unit("middle")


def test_siblings_have_names_of_their_own() -> None:
    top, other = make_org_unit("Works"), make_org_unit("Plant")
    sales, labs = make_org_unit("Sales", top), make_org_unit("Labs", top)
    twin = org_units.create_org_unit(actor=actor(), name="SALES", code="twin", parent=other)
    refused = [
        lambda: org_units.create_org_unit(actor=actor(), name=" sales", code="another", parent=top),
        lambda: org_units.create_org_unit(actor=actor(), name="works", code="another"),
        lambda: org_units.update_org_unit(labs, actor=actor(), changes={"name": "sales"}),
        lambda: org_units.move_org_unit(twin, actor=actor(), parent=top),
    ]
    for change in refused:
        with pytest.raises(Conflict) as refusal:
            change()
        assert (refusal.value.code, refusal.value.field) == ("org_unit_name_taken", "name")
    batch = [org_units.NewOrgUnit(name, code, top) for name, code in (("Shop", "s1"), ("shop", "s2"), ("Store", "s3"))]
    made = org_units.create_org_units_many(batch, actor=actor())
    assert [isinstance(each, OrgUnit) for each in made] == [True, False, True]
    org_units.delete_org_unit(sales, actor=actor())
    org_units.move_org_unit(twin, actor=actor(), parent=top)


@pytest.mark.database
@pytest.mark.parametrize("below", [True, False])
def test_the_database_lets_no_two_siblings_have_one_name(below: bool) -> None:
    parent = make_org_unit("Works") if below else None
    make_org_unit("Sales", parent)
    now = timezone.now()
    twin = OrgUnit(name="SALES", code="twin", parent=parent, origin="admin", created_at=now, modified_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)
    twin.deleted_at = now
    twin.save(force_insert=True)


def test_a_deleted_unit_hands_over_to_the_one_that_is_chosen() -> None:
    division = make_org_unit("Finance")
    department = org_units.create_org_unit(actor=actor(), name="Finance", code="100", parent=division)
    person, other = make_person(org_unit=division), make_org_unit("Other")
    for heir in (division, department):
        with pytest.raises(RuleViolation) as refusal:
            org_units.delete_org_unit(division, actor=actor(), into=heir)
        assert refusal.value.code == "org_unit_loop"
    make_org_unit("Payroll", other)
    payroll = org_units.create_org_unit(actor=actor(), name="payroll", code="p", parent=division)
    with pytest.raises(Conflict):
        org_units.delete_org_unit(division, actor=actor(), into=other)
    assert OrgUnit.objects.get(pk=division.pk).deleted_at is None
    org_units.update_org_unit(payroll, actor=actor(), changes={"name": "Wages"})
    org_units.delete_org_unit(division, actor=actor(), into=other)
    assert User.objects.get(pk=person.pk).org_unit_id == other.pk
    assert set(OrgUnit.objects.filter(parent=other, deleted_at=None).values_list("code", flat=True)) == {
        "100",
        "p",
        "Payroll",
    }


def test_a_closed_unit_leaves_its_name_to_its_own_unit() -> None:
    division = make_org_unit("Finance")
    department = org_units.create_org_unit(actor=actor(), name="Finance", code="100", parent=division)
    org_units.delete_org_unit(division, actor=actor(), move_up=True)
    assert OrgUnit.objects.get(pk=department.pk).parent_id is None


def test_nothing_is_deleted_when_somebody_may_not_be_moved() -> None:
    unit = make_org_unit(by=HR)
    make_person(org_unit=unit, by=actor())
    with pytest.raises(ValueOwned):
        org_units.delete_org_unit(unit, actor=HR, move_up=True)
    assert OrgUnit.objects.get(pk=unit.pk).deleted_at is None
