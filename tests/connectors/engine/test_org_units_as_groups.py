"""Org units as groups of a system: their people are the members, and nothing is taken from real groups."""

from typing import Any

import pytest
from django.db import IntegrityError

from connectors.actions.discoveries import take_over_discovery
from connectors.actions.links import unlink
from connectors.actions.systems import delete_system, discover_system, update_system
from connectors.engine import fanout, push
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.org_changes import watch
from connectors.engine.preview import count_push
from connectors.engine.situation import Verdict
from connectors.models import ConnectedSystem, Link, Operation, SystemMapping
from connectors.spi import ObjectClass
from connectors.vocabulary import AdoptionPolicy, LinkState, OrgUnitProvisioning, RemovalPolicy
from identities.actions.groups import update_group
from identities.actions.lifecycle import delete_user, restore_user
from identities.actions.memberships import add_members
from identities.actions.org_units import create_org_unit, delete_org_unit, move_org_unit, update_org_unit
from identities.actions.users import update_user
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.models import Group, OrgUnit, User
from identities.vocabulary import MappingKind, ObjectType
from tests.connectors.engine.converging import run
from tests.connectors.engine.referring import by_name, rung, work_off
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, an_org_unit, make_due, put
from tests.connectors.engine.test_converge_servers import RealPlace, ldap_place, scim_place
from tests.connectors.engine.test_org_units import Directory
from tests.servers.slapd import Slapd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]
ADMIN = command_actor()
BOTH = pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])


def holding(system: ConnectedSystem, attribute: str = "displayName", source: str = "org_unit.name") -> None:
    """Have the system hold org units as groups of this name."""
    update_system(system, actor=ADMIN, changes={"provisions_org_units": OrgUnitProvisioning.GROUPS})
    system.refresh_from_db()
    row = {"attribute": attribute, "kind": MappingKind.EXPRESSION, "source": source}
    SystemMapping.objects.create(system=system, object_type=ObjectType.ORG_UNIT, **row)


class Company:
    """A unit with another below it on a system in memory; ada stands in the upper one, bob in the lower one."""

    def __init__(self, *, nested: bool) -> None:
        self.system, self.store = by_name(nested_groups=nested)
        holding(self.system)
        self.sales = create_org_unit(actor=ADMIN, name="Sales", code="1")
        self.north = create_org_unit(actor=ADMIN, name="North", code="2", parent=self.sales)
        self.ada, self.bob = a_person("ada", org_unit=self.sales), a_person("bob", org_unit=self.north)
        put(self.system, self.ada, self.bob, self.sales, self.north)
        self.settle()

    def settle(self) -> None:
        fanout.drain()
        work_off(self.system)

    def groups(self) -> dict[str, set[str]]:
        """The members of the groups there, by name."""
        records = self.store.records(ObjectClass.GROUP).values()
        return {each.attributes["displayName"][0]: set(each.attributes.get("members", ())) for each in records}


@BOTH
@pytest.mark.database
def test_people_are_members_of_their_unit_and_follow_it(nested: bool) -> None:
    company = Company(nested=nested)
    below, lower = ({"group:North"}, "group:South") if nested else ({"user:bob"}, "user:bob")
    assert company.groups() == {"Sales": {"user:ada"} | below, "North": {"user:bob"}}

    update_user(company.ada, actor=ADMIN, changes={"org_unit": company.north})
    update_org_unit(company.north, actor=ADMIN, changes={"name": "South"})
    company.settle()
    everybody = {"user:ada", "user:bob"}
    assert company.groups() == {"Sales": {lower} if nested else everybody, "South": everybody}

    move_org_unit(company.north, actor=ADMIN, parent=None)
    company.settle()
    assert company.groups() == {"Sales": set(), "South": everybody}

    delete_user(company.bob, actor=ADMIN)
    update_user(company.ada, actor=ADMIN, changes={"org_unit": company.sales})
    delete_org_unit(company.north, actor=ADMIN)
    company.settle()
    assert company.groups() == {"Sales": {"user:ada"}}
    assert set(count_push(company.system).counts) == {Verdict.NOTHING}


@BOTH
@pytest.mark.database
def test_who_is_deleted_and_restored_is_a_member_again(nested: bool) -> None:
    """Their account is made anew, while what the groups remember of the old one may still be open."""
    company = Company(nested=nested)
    put(company.system, a_group("Team", company.bob))
    company.settle()
    before = company.groups()
    delete_user(company.bob, actor=ADMIN)
    fanout.drain()
    make_due()
    Operation.objects.update(created_at=NOW.replace(year=2020))
    for claim in sorted(claim_due("one", 50), key=lambda claim: claim.object_type is ObjectType.USER):
        assert finish(claim, converge(claim))  # the groups while the person's own is under way
    company.settle()
    assert [name for name, members in company.groups().items() if "user:bob" in members] == []
    restore_user(company.bob, actor=ADMIN)
    company.settle()
    assert company.groups() == before


def test_people_of_a_closed_unit_are_nobodys_members() -> None:
    """Whoever comes back into a unit that was closed meanwhile; the unit above cannot be told of them any more."""
    company = Company(nested=False)
    update_system(company.system, actor=ADMIN, changes={"when_deleted": RemovalPolicy.DISABLE})
    delete_user(company.bob, actor=ADMIN)
    delete_org_unit(company.north, actor=ADMIN)
    restore_user(company.bob, actor=ADMIN)
    company.settle()
    put(company.system, company.sales)
    company.settle()
    assert company.groups() == {"Sales": {"user:ada"}}
    assert set(count_push(company.system).counts) == {Verdict.NOTHING}


def test_units_that_are_not_provisioned_any_more_are_still_groups() -> None:
    company = Company(nested=False)
    update_system(company.system, actor=ADMIN, changes={"provisions_org_units": OrgUnitProvisioning.NONE})
    told = watch([company.north.pk])
    assert [change.units for change in told()] == [0]
    move_org_unit(company.north, actor=ADMIN, parent=None)
    company.settle()
    assert company.groups() == {"Sales": {"user:ada", "user:bob"}, "North": {"user:bob"}}, "left as they are"

    delete_system(company.system, RemovalPolicy.DELETE, actor=ADMIN)
    while push.work("one"):
        continue
    work_off(company.system)
    assert company.groups() == {}


@BOTH
@pytest.mark.database
def test_only_what_a_change_touches_is_worked_on(nested: bool) -> None:
    company = Company(nested=nested)
    another = create_org_unit(actor=ADMIN, name="Works", code="3")
    company.settle()
    update_user(company.bob, actor=ADMIN, changes={"title": "Clerk"})
    fanout.drain()
    assert rung(company.system) == {(ObjectType.USER, company.bob.pk)}

    update_user(company.bob, actor=ADMIN, changes={"org_unit": another})
    fanout.drain()
    above = set() if nested else {(ObjectType.ORG_UNIT, company.sales.pk)}
    units = {(ObjectType.ORG_UNIT, each.pk) for each in (company.north, another)}
    assert rung(company.system) == {(ObjectType.USER, company.bob.pk)} | units | above


@pytest.mark.database
def test_a_flat_system_hears_of_members_below() -> None:
    """Somebody who has an account already changes nothing there by joining; the groups above hold them all the same."""
    system, _store = by_name(nested_groups=False)
    grace = a_person("grace")
    inner = a_group("inner")
    outer = a_group("outer", inner)
    put(system, grace, inner, outer)
    work_off(system)
    add_members(inner, [grace], actor=ADMIN)
    fanout.drain()
    assert {(ObjectType.GROUP, inner.pk), (ObjectType.GROUP, outer.pk)} <= rung(system)


def rename(subject: Group | OrgUnit, name: str) -> None:
    if isinstance(subject, Group):
        update_group(subject, actor=ADMIN, changes={"display_name": name})
    else:
        update_org_unit(subject, actor=ADMIN, changes={"name": name})
    fanout.drain()


@pytest.mark.parametrize("first", ["group", "unit"])
def test_a_group_and_a_unit_never_share_one_group_there(first: str) -> None:
    """Not even where accounts with the same key are adopted; who lets go of the name rings the other."""
    system, store = by_name()
    holding(system)
    update_system(system, actor=ADMIN, changes={"adoption_policy": AdoptionPolicy.EXACT_KEY})
    both: list[Group | OrgUnit] = [a_group("Sales"), an_org_unit("Sales")]
    holder, late = both if first == "group" else both[::-1]
    for each in (holder, late):
        outcome = run(system, each)
    assert outcome.ending is Ending.DISPUTED
    assert any("belongs to Sales, it is never adopted" in step["text"] for step in outcome.steps), outcome.steps
    assert len(store.records(ObjectClass.GROUP)) == 1

    rename(holder, "Sellers")
    work_off(system)
    assert set(Link.objects.values_list("state", flat=True)) == {LinkState.LINKED}
    assert len(store.records(ObjectClass.GROUP)) == 2


@pytest.mark.database
def test_the_database_keeps_them_apart() -> None:
    system, _store = by_name()
    holding(system)
    a_link(system, a_group("Sales"), remote_id="1")
    with pytest.raises(IntegrityError):
        a_link(system, an_org_unit("Sales"), remote_id="1")


def test_units_are_not_held_as_something_else_while_some_are_linked() -> None:
    system, _store = by_name()
    holding(system)
    unit = an_org_unit("Sales")
    put(system, unit)
    work_off(system)
    with pytest.raises(RuleViolation, match="1 org units are still linked") as refused:
        update_system(system, actor=ADMIN, changes={"provisions_org_units": OrgUnitProvisioning.UNITS})
    assert refused.value.field == "provisions_org_units"
    for wanted in (OrgUnitProvisioning.NONE, OrgUnitProvisioning.GROUPS):
        update_system(system, actor=ADMIN, changes={"provisions_org_units": wanted})

    unlink(Link.objects.get(), actor=ADMIN)
    update_system(system, actor=ADMIN, changes={"provisions_org_units": OrgUnitProvisioning.UNITS})
    assert not Link.objects.exists(), "one that was let go of as a group would be left alone for ever as an OU"


@pytest.mark.parametrize("build", [ldap_place, scim_place], ids=["ldap", "scim"])
def test_on_real_servers(build: Any, request: pytest.FixtureRequest) -> None:
    place: RealPlace = build(request)
    update_system(place.system, actor=ADMIN, changes={"provisions_org_units": OrgUnitProvisioning.GROUPS})
    place.system.refresh_from_db()
    suggested = discover_system(place.system, actor=ADMIN).suggested_mappings[ObjectClass.ORG_UNIT]
    take_over_discovery(place.system, actor=ADMIN, proposals={}, mappings={ObjectType.ORG_UNIT: suggested})
    unit, empty = an_org_unit("Sales"), an_org_unit("Works")
    ada: User = a_person("ada", org_unit=unit)
    group = a_group("Sales", ada)
    place.converge(unit, empty, group, ada)
    assert place.groups() == {"Sales": {"ada"}, "Sales (Sales)": {"ada"}, "Works (Works)": set()}

    update_user(ada, actor=ADMIN, changes={"org_unit": empty})
    fanout.drain()
    place.converge()
    assert place.groups() == {"Sales": {"ada"}, "Sales (Sales)": set(), "Works (Works)": {"ada"}}


def test_nobody_is_placed_in_a_group(slapd: Slapd) -> None:
    directory = Directory(slapd, place_people_by_org_unit=True)
    directory.system.mappings.filter(object_type=ObjectType.ORG_UNIT).delete()  # type: ignore[attr-defined]
    holding(directory.system, "cn")
    unit = an_org_unit("Sales")
    ada = a_person("ada", org_unit=unit)
    put(directory.system, unit, ada)
    directory.follow()
    update_user(ada, actor=ADMIN, changes={"title": "Clerk"})
    directory.follow()
    delete_user(ada, actor=ADMIN)
    directory.follow()
    restore_user(ada, actor=ADMIN)
    directory.follow()
    assert set(directory.people()) == {"ada"}
    ((_dn, entry),) = slapd.entries(Slapd.base_dn, "(&(objectClass=groupOfNames)(cn=Sales))").items()
    assert any(member.startswith(b"uid=ada,ou=") for member in entry["member"])
