"""What is gathered, and what that costs."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.engine.budget import removal_budget
from connectors.engine.claiming import dialect
from connectors.engine.gather import Gatherer
from connectors.engine.limits import RemovalBudget
from connectors.engine.scope import groups_in_scope, people_in_scope
from connectors.engine.situation import Situation
from connectors.models import ConnectedSystem, Operation
from connectors.spi import Misconfigured
from connectors.vocabulary import LinkState, OperationState, RemovalPolicy, Settlement
from identities.models import Group, OrgUnit, Suspension, User
from identities.representation import RENDERING_VERSION
from identities.vocabulary import ObjectType, UserKind, UserState
from tests.connectors.engine.memory_systems import a_memory_system
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, a_system, an_org_unit, join, people, put

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def system() -> ConnectedSystem:
    return a_memory_system()[0]


def situation(system: ConnectedSystem, subject: User | Group) -> Situation:
    kind = ObjectType.USER if isinstance(subject, User) else ObjectType.GROUP
    return Gatherer(system, kind, now=dialect().now()).one(subject.pk)


def render(person: User) -> None:
    """Store the person's text, as actions do."""
    text = f'{{"id": "{person.pk}", "userName": "{person.user_name}"}}'
    User.objects.filter(pk=person.pk).update(scim_text=text, rendering_version=RENDERING_VERSION)


def cost(work: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def test_a_batch_costs_as_many_queries_as_one(system: ConnectedSystem) -> None:
    system.scope_groups.add(a_group("staff"))
    system.scope_org_units.add(an_org_unit("sales"))
    unit = OrgUnit.objects.get(code="sales")
    boss = a_person("boss")
    crowd = [a_person(f"p{number}", manager=boss, org_unit=unit, active=number % 2 == 0) for number in range(40)]
    for person in (boss, *crowd):
        a_link(system, person)
        render(person)
    gatherer = Gatherer(system, ObjectType.USER, now=dialect().now())
    ids = [person.pk for person in crowd]

    one = cost(lambda: list(gatherer.many(ids[:1], RemovalBudget())))
    forty = cost(lambda: list(gatherer.many(ids, RemovalBudget())))

    assert forty <= one + 1  # the first happens to be active, so that nobody's suspensions are asked for
    assert one <= 10


def test_a_person_as_gathered(system: ConnectedSystem) -> None:
    boss = a_person("boss")
    a_link(system, boss, reference="ref-boss")
    ada = a_person("ada", manager=boss, version=5, active=False)
    Suspension.objects.create(user=ada, origin="admin", since=NOW)
    a_link(
        system,
        ada,
        known={
            "title": ["Countess"],
            "since": [{"datetime": "2026-01-05T12:00:00+00:00"}],
            "pin": {"fingerprint": "f"},
            "boss": {"values": ["uid=boss"], "written": "w"},
        },
        settlement=Settlement.KEPT,
    )

    found = situation(system, ada)

    assert found.object.document["userName"] == "ada"
    assert (found.object.active, found.object.condition, found.object.version) == (False, "suspended by admin", 5)
    assert found.object.scope.matches
    assert found.references == {boss.pk: "ref-boss"}
    assert found.link is not None
    assert found.link.known == {"title": ("Countess",), "since": (NOW,), "boss": ("uid=boss",)}
    assert found.link.fingerprints == {"pin": "f"}
    assert found.link.rewritten == {"boss": "w"}
    assert found.link.settlement is Settlement.KEPT
    assert not found.may_read


@pytest.mark.parametrize(
    ("columns", "condition"),
    [({"state": UserState.STAGED, "active": False}, "staged"), ({"state": UserState.DEPROVISIONED}, "deprovisioned")],
)
def test_the_state_says_why_somebody_is_not_active(
    system: ConnectedSystem, columns: dict[str, Any], condition: str
) -> None:
    assert situation(system, a_person("ada", **columns)).object.condition == condition


def test_somebody_without_a_row_is_deleted_and_keeps_the_name_of_the_link(system: ConnectedSystem) -> None:
    ada = a_person("ada")
    a_link(system, ada)
    person_id = ada.pk
    User.objects.filter(pk=person_id).delete()
    ada.pk = person_id
    found = situation(system, ada)
    assert found.object.deleted
    assert not found.object.scope.matches
    assert found.object.name == "ada"


def test_a_manager_without_an_account_is_known_to_have_none(system: ConnectedSystem) -> None:
    boss = a_person("boss")
    a_link(system, boss, LinkState.PENDING)
    assert situation(system, a_person("ada", manager=boss)).references == {boss.pk: None}


def test_the_scope_is_explained_clause_by_clause(system: ConnectedSystem) -> None:
    system.scope_filter = 'title sw "Count" and department eq "Maths"'
    staff = a_group("staff")
    system.scope_groups.add(staff)
    ada = a_person("ada", title="Countess", department="Poetry")
    join(staff, ada)

    scope = situation(system, ada).object.scope

    assert not scope.matches
    held = {clause.text: clause.holds for clause in scope.clauses}
    assert held['title sw "Count"'] is True
    assert held['department eq "Maths"'] is False
    assert held["is in the group staff"] is True


def test_a_filter_that_cannot_be_read_says_so(system: ConnectedSystem) -> None:
    system.scope_filter = "shoeSize gt 44"
    with pytest.raises(Misconfigured, match="scope filter"):
        situation(system, a_person("ada"))


def test_scope_in_memory_agrees_with_scope_as_a_set(system: ConnectedSystem) -> None:
    top = an_org_unit("company")
    sales = an_org_unit("sales", top)
    elsewhere = an_org_unit("elsewhere")
    gone = an_org_unit("gone")
    OrgUnit.objects.filter(pk=gone.pk).update(deleted_at=NOW)
    inner, outer = a_group("inner"), a_group("outer")
    join(outer, inner)
    crowd = people(6)
    join(inner, crowd[0])
    for person, unit in zip(crowd[1:5], (sales, top, elsewhere, gone), strict=True):
        User.objects.filter(pk=person.pk).update(org_unit=unit)
    User.objects.filter(pk=crowd[2].pk).update(title="Boss", title_key="boss", rendering_version=0)
    crowd += [a_person("robot", kind=UserKind.SERVICE, org_unit=sales)]
    crowd += [a_person("left", deleted_at=NOW, user_name_key=None, org_unit=sales)]
    choices: list[tuple[str, list[Group], list[OrgUnit]]] = [
        ("", [], []),
        ("", [outer], []),
        ("", [outer], [top]),
        ("", [], [gone]),
        ('title eq "boss"', [], [top]),
        ('title eq "boss" or userName sw "person"', [inner], [elsewhere]),
    ]
    for text, groups, units in choices:
        system.scope_filter = text
        system.scope_groups.set(groups)
        system.scope_org_units.set(units)
        as_a_set = set(people_in_scope(system).values_list("pk", flat=True))
        gatherer = Gatherer(system, ObjectType.USER, now=dialect().now())
        each = gatherer.many([person.pk for person in crowd], RemovalBudget())
        assert {found.object.id for found in each if found.object.scope.matches} == as_a_set, text


@pytest.mark.parametrize(("provisions", "text"), [(True, ""), (True, 'displayName eq "B"'), (False, "")])
def test_groups_in_scope_agree_too(system: ConnectedSystem, provisions: bool, text: str) -> None:
    system.provisions_groups, system.group_filter = provisions, text
    groups = [a_group("a"), a_group("b"), a_group("c", deleted_at=NOW, display_name_key=None)]
    gatherer = Gatherer(system, ObjectType.GROUP, now=dialect().now())
    found = gatherer.many([group.pk for group in groups], RemovalBudget())
    matching = {each.object.id for each in found if each.object.scope.matches}
    assert matching == set(groups_in_scope(system).values_list("pk", flat=True))


def test_a_connector_that_cannot_be_used_is_named_and_taken_to_be_able(system: ConnectedSystem) -> None:
    system.connector = "vanished"
    found = situation(system, a_person("ada")).system
    assert "vanished" in found.unavailable
    assert found.capabilities.objects


@pytest.mark.parametrize("table", ["teams", ""])
def test_groups_are_left_alone_where_the_connector_knows_none(table: str) -> None:
    database = {"database": "sqlite", "path": "people.sqlite3", "users_table": "people", "login_column": "login"}
    groups = {"groups_table": table, "group_name_column": "name"} if table else {}
    found = situation(a_system(connector="sql", configuration={**database, **groups}), a_group("staff"))
    assert (found.system.unavailable, found.system.provisioned) == ("", bool(table))


def test_the_policies_are_those_of_the_system(system: ConnectedSystem) -> None:
    system.when_deleted = RemovalPolicy.LEAVE
    system.correlation_attribute, system.marker_attribute = "employeeNumber", "description"
    found = situation(system, a_person("ada")).system
    assert (found.when_deleted, found.correlation_attribute) == (RemovalPolicy.LEAVE, "employeeNumber")
    assert found.marker_attribute == "description"


def test_the_budget_counts_what_may_have_been_removed_within_the_hour(system: ConnectedSystem) -> None:
    now = dialect().now()
    crowd = people(7)
    for person in crowd:
        a_link(system, person)
    put(system, *crowd)
    begun = {"removal": "delete", "removal_at": now, "state": OperationState.DONE}
    given = [
        begun,
        {**begun, "removal": "disable"},
        {**begun, "removal_at": NOW},  # long ago
        {**begun, "released": True},
        {"verdict": "update", "state": OperationState.DONE},
        {**begun, "state": OperationState.IN_FLIGHT},
        {**begun, "state": OperationState.WAITING},  # tried, perhaps with success, and to be tried again
    ]
    operations = list(Operation.objects.order_by("pk"))
    for operation, columns in zip(operations, given, strict=True):
        Operation.objects.filter(pk=operation.pk).update(**columns)

    assert removal_budget(system, now) == RemovalBudget(removed=4, limit=20, accounts=10)
    assert removal_budget(system, now, operations[5].pk).removed == 3


def test_nothing_is_known_of_somebody_who_never_was(system: ConnectedSystem) -> None:
    found = Gatherer(system, ObjectType.USER, now=dialect().now()).one(uuid4())
    assert found.object.deleted
    assert found.link is None
