"""The org structure."""

import pytest

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
    deletion = ChangeEvent.objects.latest("pk")
    assert deletion.facts == {"parent": str(top.pk), "deleted": True}
    assert ChangeEvent.objects.filter(object_id=person.pk, kind=EventKind.USER_CHANGED).count() == 1
    with pytest.raises(NotFound):
        org_units.update_org_unit(middle, actor=actor(), changes={"name": "x"})
    make_org_unit("middle")


def test_nothing_is_deleted_when_somebody_may_not_be_moved() -> None:
    unit = make_org_unit(by=HR)
    make_person(org_unit=unit, by=actor())
    with pytest.raises(ValueOwned):
        org_units.delete_org_unit(unit, actor=HR, move_up=True)
    assert OrgUnit.objects.get(pk=unit.pk).deleted_at is None
