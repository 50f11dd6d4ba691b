"""The org structure on a real directory: a tree of OUs with the people in it, kept as it changes here."""

import csv
from pathlib import Path
from typing import Any

import pytest

from connectors.engine import fanout
from connectors.engine.claim import Ending, Outcome, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.ledger import Ledger
from connectors.engine.preview import count_push
from connectors.engine.situation import Verdict
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership, SystemMapping
from connectors.vocabulary import LinkState, OperationState, OrgUnitProvisioning
from identities.actions.org_units import (
    NewOrgUnit,
    create_org_unit,
    create_org_units_many,
    delete_org_unit,
    move_org_unit,
    update_org_unit,
)
from identities.actions.users import update_user
from identities.actors import command_actor
from identities.models import Membership, OrgUnit, User
from identities.vocabulary import ObjectType
from tests.connectors.engine.rows import NOW, a_group, a_person, join, make_due, put
from tests.connectors.engine.test_converge_servers import add_group_name, real_system
from tests.contracts.subjects.ldap import configuration
from tests.servers.processes import wait_until
from tests.servers.slapd import Slapd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]
ADMIN = command_actor()
TREE = Path(__file__).parents[3] / "provisioning_portal" / "demo_data" / "hr_org_tree.csv"
UNITS = f"ou=units,{Slapd.base_dn}"


class Directory:
    """The system and the server behind it."""

    def __init__(self, slapd: Slapd, **changes: Any) -> None:
        slapd.add(UNITS, {"objectClass": [b"organizationalUnit"], "ou": [b"units"]})
        values = configuration(slapd, security="plain", org_unit_container="ou=units", **changes)
        del values["ca_certificate"]
        required = {"cn": "user.userName", "sn": "user.userName"}
        rows = {"uid": "user.userName", **required, "manager": "user.manager.id"}
        self.slapd = slapd
        self.system: ConnectedSystem = real_system("ldap", values, ("bind_password",), rows)
        self.system.provisions_org_units = OrgUnitProvisioning.UNITS
        self.system.save()
        add_group_name(self.system, "cn")
        SystemMapping.objects.create(system=self.system, object_type=ObjectType.ORG_UNIT, attribute="ou", source="name")

    def follow(self) -> list[Outcome]:
        """Let everything that changed here reach the directory; return how each piece of work ended."""
        fanout.drain()
        outcomes: list[Outcome] = []
        for _ in range(60):
            done = self.work_once()
            if not done:
                return outcomes
            assert all(each.ending in (Ending.DONE, Ending.DISPUTED) for each in done), done
            outcomes += done
        raise AssertionError("it never comes to rest")

    def work_once(self) -> list[Outcome]:
        """Converge whatever waits now, one after the other."""
        make_due()
        Operation.objects.filter(state=OperationState.WAITING).update(created_at=NOW.replace(year=2020))
        outcomes = []
        for claim in claim_due("one", 50):
            outcomes.append(converge(claim))
            assert finish(claim, outcomes[-1])
        return outcomes

    def forget_events(self) -> None:
        """Let nothing be enqueued for what changed here: what is enqueued from then on, the engine itself rings for."""
        fanout.drain()
        Operation.objects.all().delete()

    def units(self) -> set[str]:
        """The OUs, each as names from the top down."""
        found = self.slapd.entries(UNITS, "(objectClass=organizationalUnit)")
        return {_path(dn) for dn in found}

    def members(self, group: str) -> dict[str, str]:
        """By uid, under which place somebody is in a group."""
        entry = self.slapd.entry(f"cn={group},{Slapd.groups_dn}")
        assert entry
        dns = [dn.decode() for dn in entry["member"]]
        return {_path(dn).rpartition("/")[2]: _path(dn.partition(",")[2]) for dn in dns}

    def people(self) -> dict[str, tuple[str, str]]:
        """By uid, where somebody stands and the entryUUID."""
        found = self.slapd.entries(Slapd.base_dn, "(objectClass=inetOrgPerson)", ["uid", "entryUUID"])
        return {
            each["uid"][0].decode(): (_path(dn.partition(",")[2]), each["entryUUID"][0].decode())
            for dn, each in found.items()
        }


def _path(dn: str) -> str:
    own = dn.removesuffix(f",{UNITS}").removesuffix(f",{Slapd.base_dn}")
    names = [part.partition("=")[2] for part in own.split(",")]
    return "/".join(reversed(names))


@pytest.fixture
def directory(slapd: Slapd) -> Directory:
    return Directory(slapd, place_people_by_org_unit=True)


def a_unit(name: str, parent: OrgUnit | None = None, code: str = "") -> OrgUnit:
    return create_org_unit(
        actor=ADMIN, name=name, code=code or f"{name}-{parent.code if parent else ''}", parent=parent
    )


def told(*people: User) -> None:
    """Change events for people whose rows were written directly."""
    for person in people:
        update_user(person, actor=ADMIN, changes={"title": "Member"})


def the_company() -> dict[str, OrgUnit]:
    """The units of the HR file by code, parents first."""
    rows = {row["code"]: row for row in csv.DictReader(TREE.open(encoding="utf-8"))}
    made: dict[str, OrgUnit] = {}
    while len(made) < len(rows):
        ready = [r for code, r in rows.items() if code not in made and (r["parent_code"] or None) in {None, *made}]
        new = [NewOrgUnit(row["name"], row["code"], made.get(row["parent_code"])) for row in ready]
        for unit in create_org_units_many(new, actor=ADMIN):
            assert isinstance(unit, OrgUnit), unit
            made[unit.code] = unit
    return made


@pytest.mark.database
def test_a_company_moves_as_it_does_here(directory: Directory) -> None:
    units = the_company()
    boss = a_person("boss", org_unit=units["D-FINA"])
    clerk = a_person("clerk", org_unit=units["100"], manager=boss)
    seller = a_person("seller", org_unit=units["80"], manager=boss)
    told(clerk, boss, seller)
    put(directory.system, a_group("staff", boss, clerk))
    directory.follow()
    assert len(directory.units()) == len(units) == 34
    corporation = "Example Corporation"
    assert {f"{corporation}/Finance", f"{corporation}/Finance/Finance"} < directory.units()
    before = directory.people()
    assert {name: place for name, (place, _) in before.items()} == {
        "boss": f"{corporation}/Finance",
        "clerk": f"{corporation}/Finance/Finance",
        "seller": f"{corporation}/Commercial/Sales",
    }

    counts = directory.slapd.stats()
    move_org_unit(units["D-FINA"], actor=ADMIN, parent=units["D-OPER"])
    directory.follow()
    after = directory.people()
    assert directory.slapd.stats()["Modrdn"] - counts["Modrdn"] == 1
    assert {name: uuid for name, (_, uuid) in after.items()} == {name: uuid for name, (_, uuid) in before.items()}
    assert after["clerk"][0] == f"{corporation}/Operations/Finance/Finance"
    links = Link.objects.filter(system=directory.system, state=LinkState.LINKED)
    assert all(directory.slapd.entry(reference) for reference in links.values_list("reference", flat=True))
    boss_dn = links.get(object_id=boss.pk).reference
    for name in ("clerk", "seller"):
        entry = directory.slapd.entry(links.get(object_name=name).reference)
        assert entry and entry["manager"] == [boss_dn.encode()]
    staff = directory.slapd.entry(f"cn=staff,{Slapd.groups_dn}")
    assert staff and sorted(staff["member"]) == sorted(
        links.get(object_id=each.pk).reference.encode() for each in (boss, clerk)
    )
    directory.system.refresh_from_db()
    assert set(count_push(directory.system).counts) == {Verdict.NOTHING}

    delete_org_unit(units["110"], actor=ADMIN)
    directory.follow()
    assert len(directory.units()) == 33
    assert f"{corporation}/Operations/Finance/Accounting" not in directory.units()


def test_children_wait_for_their_parents_and_people_for_their_unit(directory: Directory) -> None:
    top = a_unit("Top")
    inner = a_unit("Inner", top)
    ada = a_person("ada", org_unit=inner)
    directory.forget_events()
    put(directory.system, ada)
    directory.work_once()
    uuid = directory.people()["ada"][1]
    assert directory.people()["ada"][0] == "people"
    put(directory.system, inner)
    (outcome,) = directory.work_once()
    assert (outcome.ending, outcome.verdict) == (Ending.DONE, Verdict.WAIT)
    put(directory.system, top)
    directory.follow()
    assert directory.units() == {"Top", "Top/Inner"}
    assert directory.people() == {"ada": ("Top/Inner", uuid)}


def test_what_lies_below_a_moved_unit_is_known_at_once_and_read_again(directory: Directory) -> None:
    one, two = a_unit("One"), a_unit("Two")
    inner = a_unit("Research, Basic", one)
    ada = a_person("ada", org_unit=inner)
    bob = a_person("bob", manager=ada)
    staff = a_group("staff", ada)
    told(ada, bob)
    put(directory.system, staff)
    directory.follow()
    move_org_unit(one, actor=ADMIN, parent=two)
    directory.forget_events()
    put(directory.system, one)
    directory.work_once()
    links = Link.objects.in_bulk([Link.objects.get(object_id=each.pk).pk for each in (inner, ada)])
    for link in links.values():
        entry = directory.slapd.entry(link.reference)
        assert entry and entry["entryUUID"] == [str(link.remote_id).encode()]
        assert link.remote_name == link.reference
    rung = Operation.objects.filter(state=OperationState.WAITING).values_list("object_id", flat=True)
    assert set(rung) == {inner.pk, ada.pk, bob.pk, staff.pk}


def test_people_move_between_units_and_out_of_all(directory: Directory) -> None:
    one, two = a_unit("One"), a_unit("Two, the second")
    ada = a_person("ada", org_unit=one)
    told(ada)
    directory.follow()
    uuid = directory.people()["ada"][1]
    update_user(ada, actor=ADMIN, changes={"org_unit": two.pk})
    directory.follow()
    assert directory.people()["ada"][1] == uuid
    assert "Two" in Link.objects.get(object_id=ada.pk).reference
    assert directory.follow() == []
    update_user(ada, actor=ADMIN, changes={"org_unit": None})
    directory.follow()
    assert directory.people() == {"ada": ("people", uuid)}


def test_a_unit_leaves_when_nothing_lies_below(directory: Directory) -> None:
    top = a_unit("Top")
    inner = a_unit("Inner", top)
    ada = a_person("ada", org_unit=inner)
    told(ada)
    directory.follow()
    delete_org_unit(inner, actor=ADMIN, move_up=True)
    fanout.drain()
    Operation.objects.filter(object_id=ada.pk, state=OperationState.WAITING).delete()
    (outcome,) = [each for each in directory.work_once() if each.verdict is not Verdict.NOTHING]
    assert (outcome.ending, outcome.verdict) == (Ending.DONE, Verdict.WAIT)
    assert "1 accounts below it" in outcome.message
    assert directory.units() == {"Top", "Top/Inner"}
    put(directory.system, ada)
    directory.follow()
    assert directory.units() == {"Top"}
    assert directory.people()["ada"][0] == "Top"


def test_the_brake_holds_units_too(directory: Directory) -> None:
    units = [a_unit(f"Unit {number}") for number in range(3)]
    directory.follow()
    ConnectedSystem.objects.update(removal_limit=2, removal_limit_percent=0)
    for unit in units:
        delete_org_unit(unit, actor=ADMIN)
    fanout.drain()
    endings = [outcome.ending for outcome in directory.work_once()]
    assert sorted(endings) == sorted([Ending.DONE, Ending.DONE, Ending.HELD])
    assert len(directory.units()) == 1


def test_a_name_taken_among_siblings_is_a_dispute_that_ends(directory: Directory) -> None:
    top = a_unit("Top")
    directory.follow()
    directory.slapd.add(f"ou=Sales,ou=Top,{UNITS}", {"objectClass": [b"organizationalUnit"], "ou": [b"Sales"]})
    second = a_unit("SALES", top)
    (disputed,) = [each for each in directory.follow() if each.ending is Ending.DISPUTED]
    assert f"ou=Sales,ou=Top,{UNITS} is there and was not made by us" in disputed.message
    update_org_unit(second, actor=ADMIN, changes={"name": "Resales"})
    directory.follow()
    assert directory.units() == {"Top", "Top/Sales", "Top/Resales"}


def test_a_lost_answer_makes_no_second_unit(directory: Directory) -> None:
    top = a_unit("Finance")
    inner = a_unit("Finance", top)
    put(directory.system, top)
    directory.follow()
    Link.objects.filter(object_id=inner.pk).update(
        state=LinkState.PENDING, remote_id=None, create_intent_key=f"Finance < ou=Finance,{UNITS}", create_intent_at=NOW
    )
    put(directory.system, inner)
    outcomes = directory.follow()
    assert [each.verdict for each in outcomes] == [Verdict.ADOPT]
    assert Link.objects.get(object_id=inner.pk).reference == f"ou=Finance,ou=Finance,{UNITS}"


def test_nothing_is_done_where_units_are_not_wanted(slapd: Slapd) -> None:
    directory = Directory(slapd)
    ConnectedSystem.objects.update(provisions_org_units=OrgUnitProvisioning.NONE)
    directory.system.refresh_from_db()
    a_unit("Top")
    assert directory.follow() == []
    assert directory.units() == set()


@pytest.mark.parametrize("moves", ["person", "unit", "nobody"])
def test_a_group_written_while_accounts_move_ends_right(directory: Directory, moves: str) -> None:
    """The directory itself follows a rename: the group is written when accounts stand where the portal has not yet
    written down that they are. Ada leaves the group, Eve stays, Carl comes.
    """
    one, two = a_unit("One"), a_unit("Two")
    ada, eve = a_person("ada", org_unit=one), a_person("eve", org_unit=one)
    bob, carl = a_person("bob"), a_person("carl")
    staff = a_group("staff", ada, bob, eve)
    told(ada, bob, carl, eve)
    put(directory.system, staff)
    directory.follow()
    if moves == "person":
        update_user(ada, actor=ADMIN, changes={"org_unit": two.pk})
    elif moves == "unit":
        move_org_unit(one, actor=ADMIN, parent=two)
    directory.forget_events()
    Membership.objects.filter(group=staff, user=ada).delete()
    join(staff, carl)
    put(directory.system, one if moves == "unit" else ada, staff)
    moving, writing = sorted(claim_due("one", 50), key=lambda claim: claim.object_id == staff.pk)
    linked = Ledger.linked

    def late(*args: Any) -> Link:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Ledger, "linked", linked)
            wait_until(lambda: moves == "nobody" or "Two" in directory.members("staff")["ada"], 5, "the rename")
            assert finish(writing, converge(writing))
        return linked(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "linked", late)
        assert finish(moving, converge(moving))
    directory.follow()
    assert directory.members("staff") == {
        "bob": "people",
        "eve": "Two/One" if moves == "unit" else "One",
        "carl": "people",
    }
    assert not RemoteMembership.objects.filter(member_link__object_id=ada.pk).exclude(reference="").exists()
