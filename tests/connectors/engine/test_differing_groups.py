"""Which groups of many have other members on a system than they should: the same answer as one comparison each."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.engine.membership_delta import differing_groups, membership_delta
from connectors.engine.membership_source import GroupMembers
from connectors.models import ConnectedSystem, Link, RemoteMembership
from connectors.vocabulary import LinkState
from identities.models import Group, User
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, a_system

pytestmark = [pytest.mark.django_db, pytest.mark.database]
GROUPS = GroupMembers()


@pytest.fixture
def system() -> ConnectedSystem:
    return a_system()


def known(group: Link, *members: Link, reference: str = "") -> None:
    for member in members:
        RemoteMembership.objects.create(
            group_link=group, member_link=member, reference=reference or str(member.reference)
        )


def linked(system: ConnectedSystem, *subjects: User | Group) -> list[Link]:
    return [a_link(system, subject, reference=f"ref-{subject.pk}") for subject in subjects]


def every_kind(system: ConnectedSystem) -> list[Group]:
    """A group for every way in which members agree or differ; names say which."""
    ada, bob, eve, gone = people = [a_person(name) for name in ("ada", "bob", "eve", "gone")]
    of = dict(zip(("ada", "bob", "gone"), linked(system, ada, bob, gone), strict=True))
    User.objects.filter(pk=gone.pk).update(deleted_at=NOW, user_name_key=None)
    a_link(system, eve, state=LinkState.PENDING)
    inner = a_group("inner", bob)
    groups = {
        "same": a_group("same", ada, bob, eve),
        "missing": a_group("missing", ada, bob),
        "stale": a_group("stale", ada),
        "swapped": a_group("swapped", ada),
        "renamed": a_group("renamed", ada),
        "left": a_group("left", gone),
        "empty": a_group("empty"),
        "nesting": a_group("nesting", ada, inner),
        "flat": a_group("flat", ada, inner),
        "flat renamed": a_group("flat renamed", ada, inner),
        "flat stale": a_group("flat stale", inner),
    }
    links = dict(zip(groups, linked(system, *groups.values()), strict=True))
    (inner_link,) = linked(system, inner)
    known(links["same"], of["ada"], of["bob"])
    known(links["missing"], of["ada"])
    known(links["stale"], of["ada"], of["bob"])
    known(links["swapped"], of["bob"])
    known(links["renamed"], of["ada"], reference="old")
    known(links["left"], of["gone"])
    known(links["nesting"], of["ada"], inner_link)
    known(inner_link, of["bob"])
    known(links["flat"], of["ada"], of["bob"])
    known(links["flat renamed"], of["ada"])
    known(links["flat renamed"], of["bob"], reference="old")
    known(links["flat stale"], of["ada"], of["bob"])
    assert len(people) == 4
    return [*groups.values(), inner, a_group("not linked", ada)]


@pytest.mark.parametrize("nested", [True, False])
def test_it_agrees_with_comparing_each(system: ConnectedSystem, nested: bool) -> None:
    groups = every_kind(system)
    links: dict[Any, Link] = {link.object_id: link for link in Link.objects.filter(object_type="group")}
    each = {
        group.display_name
        for group in groups
        if group.pk in links and not membership_delta(system, GROUPS, group.pk, links[group.pk], nested=nested).is_empty
    }
    together = differing_groups(system, GROUPS, [group.pk for group in groups], nested=nested)
    assert {group.display_name for group in groups if group.pk in together} == each
    flat = {"nesting"} if not nested else {"flat"}
    assert each == {"missing", "stale", "swapped", "renamed", "left", "flat renamed", "flat stale"} | flat


def test_many_cost_as_many_queries_as_one(system: ConnectedSystem) -> None:
    person = a_person("ada")
    (member,) = linked(system, person)
    groups = [a_group(f"group {number}", person) for number in range(20)]
    for link in linked(system, *groups):
        known(link, member)
    inner = a_group("inner", person, a_group("innermost", person))
    nesting = [a_group(f"nesting {number}", inner, person) for number in range(20)]
    for link in linked(system, *nesting):
        known(link, member)
    costs = []
    for chosen in ([groups[0], nesting[0]], [*groups, *nesting]):
        with CaptureQueriesContext(connection) as queries:
            assert differing_groups(system, GROUPS, [group.pk for group in chosen], nested=False) == set()
        costs.append(len(queries))
    assert costs[0] == costs[1]
