"""A dynamic group on a real directory: what its rule changes, and no more, is written there."""

import pytest
from ldap.modlist import addModlist

from connectors.catalog.ldap.connector import MEMBERS_PER_UPDATE
from connectors.engine import fanout
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import ObjectClass
from connectors.vocabulary import LinkState, OperationState
from identities.actions import groups
from identities.consumers import dynamic_groups
from identities.models import Group, User
from identities.queries.dynamic_groups import preview_rule
from identities.vocabulary import ObjectType
from tests.connectors.engine.rows import NOW, make_due
from tests.connectors.engine.test_converge_servers import add_group_name, real_system
from tests.contracts.subjects.ldap import configuration
from tests.factories import actor, make_group, make_people
from tests.servers.slapd import Slapd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]
WIDE, NARROW = 'title eq "Engineer"', 'title eq "Engineer" and department eq "Research"'


@pytest.fixture
def directory(slapd: Slapd) -> ConnectedSystem:
    values = configuration(slapd, security="plain")
    del values["ca_certificate"]
    rows = dict.fromkeys(("uid", "cn", "sn"), "user.userName")
    system: ConnectedSystem = real_system("ldap", values, ("bind_password",), rows)
    add_group_name(system, "cn")
    return system


def give_accounts(system: ConnectedSystem, slapd: Slapd, people: list[User]) -> None:
    """What a push leaves behind, in the directory and here."""
    connection = slapd.connect()
    for name in (each.user_name.encode() for each in people):
        entry = {"objectClass": [b"inetOrgPerson"], **{key: [name] for key in ("uid", "cn", "sn")}}
        connection.add_s(f"uid={name.decode()},{slapd.people_dn}", addModlist(entry))
    connection.unbind_s()
    found = slapd.entries(slapd.people_dn, attributes=["uid", "entryUUID"])
    accounts = {entry["uid"][0].decode(): (dn, entry["entryUUID"][0].decode()) for dn, entry in found.items()}
    Link.objects.bulk_create(
        Link(
            system=system,
            object_type=ObjectType.USER,
            object_class=ObjectClass.USER,
            object_id=person.pk,
            user=person,
            object_name=person.user_name,
            correlation_key=person.user_name,
            state=LinkState.LINKED,
            enabled=True,
            reference=accounts[person.user_name][0],
            remote_id=accounts[person.user_name][1],
        )
        for person in people
    )


def follow(*, groups_alone: bool) -> None:
    """Let everything that changed here reach the directory, with a few of the rounds of a worker."""
    while dynamic_groups.work() + fanout.drain():
        continue
    if groups_alone:
        Operation.objects.filter(object_type=ObjectType.USER).delete()
    while True:
        make_due()
        Operation.objects.filter(state=OperationState.WAITING).update(created_at=NOW.replace(year=2020))
        claims = claim_due("one", 50)
        for claim in claims:
            outcome = converge(claim)
            assert outcome.ending is Ending.DONE, outcome
            assert finish(claim, outcome)
        if not claims:
            return


def members_there(slapd: Slapd) -> set[str]:
    (entry,) = slapd.entries(slapd.groups_dn).values()
    return {dn.decode().lower() for dn in entry["member"]}


def previewed(rule: str, group: Group) -> tuple[int, int, int]:
    preview = preview_rule(rule, group.pk)
    return preview.members, preview.entering, preview.leaving


@pytest.mark.parametrize(("number", "groups_alone"), [(60, False), (2000, True)])
def test_the_delta_of_a_rule_and_only_the_delta_is_written(
    slapd: Slapd, directory: ConnectedSystem, number: int, groups_alone: bool
) -> None:
    """Of so many people two thirds stay when the rule is narrowed. With many, what is done for each of them, which is
    to look and write nothing, is left out.
    """
    staying = number * 2 // 3
    people = [
        *make_people(staying, title="Engineer", department="Research"),
        *make_people(number - staying, title="Engineer", department="Sales"),
    ]
    make_people(20, title="Guide", department="Research")
    group = make_group("Engineers")
    fanout.drain()
    give_accounts(directory, slapd, people)
    Operation.objects.filter(object_type=ObjectType.USER).delete()

    def modifications(rule: str) -> int:
        before = slapd.stats()
        groups.set_rule(group, rule, actor=actor())
        follow(groups_alone=groups_alone)
        after = slapd.stats()
        assert [after[kind] - before[kind] for kind in ("Add", "Delete", "Modrdn")] == [0, 0, 0]
        return after["Modify"] - before["Modify"]

    def chunks(changes: int) -> int:
        return -(-changes // MEMBERS_PER_UPDATE)

    def dns(some: list[User]) -> set[str]:
        return {f"uid={person.user_name},{slapd.people_dn}".lower() for person in some}

    follow(groups_alone=True)
    assert previewed(WIDE, group) == (number, number, 0)
    assert modifications(WIDE) == chunks(number)
    assert members_there(slapd) == dns(people)
    assert previewed(NARROW, group) == (staying, 0, number - staying)
    assert modifications(NARROW) == chunks(number - staying)
    assert members_there(slapd) == dns(people[:staying])
    assert modifications(NARROW) == 0
