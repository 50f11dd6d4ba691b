"""All that is said about one object on one system, from its values to what comes next."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.catalog.memory import MemoryStore
from connectors.catalog.memory.schema import SCHEMA
from connectors.engine.decide.showing import Comparison, compared, mapped_rows, unknown_references
from connectors.engine.full_explanation import FullExplanation, explain_in_full
from connectors.engine.masking import MASK
from connectors.engine.schema_store import stored
from connectors.engine.session import close_all
from connectors.engine.work import work
from connectors.models import ConnectedSystem, Link, Operation, SystemMapping
from connectors.spi import Rejected
from connectors.vocabulary import BreakerState, OperationState, SystemState
from identities.mapping import MappingRow
from identities.models import User
from identities.vocabulary import MappingApply, MappingKind, ObjectType
from tests.connectors.engine.memory_systems import a_memory_system
from tests.connectors.engine.rows import a_group, a_person, put
from tests.connectors.engine.situations import ADA, BOSS, DOCUMENT, LINKED, ada, linked, user_system
from tests.factories import actor, make_org_unit, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    yield a_memory_system(scope_filter='department eq "Sales"')
    close_all()


Place = tuple[ConnectedSystem, MemoryStore]


def of(person: User, system: ConnectedSystem) -> FullExplanation:
    return explain_in_full(ObjectType.USER, person.pk, system)


# Pure -----------------------------------------------------------------------------------------------------------------


def test_each_mapping_row_stands_with_what_it_gives() -> None:
    rows = (
        MappingRow("userName", MappingKind.DIRECT, "userName"),
        MappingRow("title", MappingKind.EXPRESSION, "user.title + 1"),
        MappingRow("givenName", MappingKind.CONSTANT, "Ada", apply=MappingApply.ON_CREATE),
        MappingRow("shoeSize", MappingKind.CONSTANT, "44"),
        MappingRow("manager", MappingKind.EXPRESSION, "user.manager.id"),
    )
    document = {**DOCUMENT, "manager": {"id": str(BOSS)}}
    situation = linked(system=user_system(mappings=rows), object=ada(document=document))
    assert unknown_references(situation) == {BOSS}

    found = mapped_rows(replace(situation, references={BOSS: None}))

    assert [(row.attribute, str(row.outcome)) for row in found] == [
        ("userName", "yes"),
        ("title", "no"),
        ("givenName", "info"),
        ("shoeSize", "no"),
        ("manager", "unknown"),
    ]
    assert (found[0].source, found[0].result, found[0].kind) == ("userName", "ada", "direct")
    assert "no attribute shoeSize" in found[3].result


def test_the_account_stands_beside_what_it_should_be() -> None:
    known = {**LINKED.known, "title": ("Clerk",), "department": ("Sales",), "password": ("old",)}
    situation = linked(link=replace(LINKED, known=known, enabled=False, fingerprints={"photo": "x"}))

    found = {each.attribute: each for each in compared(situation)}

    assert found["enabled"].comparison is Comparison.DIFFERS
    assert (found["userName"].comparison, found["userName"].desired) == (Comparison.SAME, "ada")
    assert (found["title"].current, found["title"].desired) == ("Clerk", "Countess")
    assert found["title"].comparison is Comparison.DIFFERS
    assert (found["department"].desired, found["department"].comparison) == (None, Comparison.UNMANAGED)
    assert found["password"].current == MASK
    assert found["photo"].current == "set, not shown"
    assert found["externalId"].desired == str(ADA)


# From the database ----------------------------------------------------------------------------------------------------


def test_everything_about_somebody_in_scope(place: Place) -> None:
    system, _ = place
    clerk = make_person("ada", department="Sales", title="Clerk", emails=[{"value": "ada@x.test", "type": "work"}])
    SystemMapping.objects.create(system=system, attribute="title", source="title")
    put(system, clerk)
    work("one", 1)
    system.refresh_from_db()
    User.objects.filter(pk=clerk.pk).update(end_date=timezone.localdate() + timedelta(days=3))

    found = of(clerk, system)

    values = {each.attribute: (each.value, each.owner) for each in found.values}
    assert values["user_name"] == ("ada", actor().origin)
    assert values["emails.work"] == ("ada@x.test", actor().origin)
    assert [(clause.text, clause.holds) for clause in found.scope] == [('department eq "Sales"', True)]
    assert [row.attribute for row in found.mappings] == ["userName", "title"]
    attributes = ("enabled", "userName", "title", "externalId")
    assert {each.attribute: each.comparison for each in found.account} == dict.fromkeys(attributes, Comparison.SAME)
    assert [operation.state for operation in found.history] == [OperationState.DONE]
    assert [call["call"] for call in found.history[0].calls] == ["schema", "search", "search", "create"]
    assert not any(each.applies for each in found.obstacles)
    assert [coming.code for coming in found.outlook] == ["leaves"]


def test_what_stands_in_the_way_and_what_comes_of_it(place: Place) -> None:
    system, _ = place
    clerk, boss = a_person("ada", department="Sales"), a_person("boss", department="Sales")
    User.objects.filter(pk=clerk.pk).update(manager=boss)
    SystemMapping.objects.create(system=system, attribute="manager", kind="expression", source="user.manager.id")
    until = timezone.now() + timedelta(minutes=5)
    system.state, system.breaker, system.breaker_probe_at = SystemState.PAUSED, BreakerState.OPEN, until
    system.throttled_until, system.remote_schema = until, stored(SCHEMA)
    put(system, clerk)

    found = of(clerk, system)

    stand = {each.code: (each.applies, each.until) for each in found.obstacles}
    assert stand == {
        "pause": (True, None),
        "breaker": (True, until),
        "throttle": (True, until),
        "brake": (False, None),
        "references": (True, None),
    }
    assert [(coming.code, coming.at) for coming in found.outlook] == [
        ("pause", None),
        ("breaker", until),
        ("throttle", until),
    ]


def test_what_comes_next_is_said_whatever_the_operation(place: Place) -> None:
    system, store = place
    clerk = a_person("ada", department="Sales")
    assert [coming.code for coming in of(clerk, system).outlook] == ["not_queued"]

    put(system, clerk)
    operation = Operation.objects.get()
    (due,) = of(clerk, system).outlook
    assert (due.code, due.at) == ("due", operation.due_at)

    Operation.objects.update(state=OperationState.IN_FLIGHT)
    assert [coming.code for coming in of(clerk, system).outlook] == ["under_way"]

    Operation.objects.update(state=OperationState.WAITING)
    store.script.fail("create", lambda: Rejected("no such title"))
    work("one", 1)
    (person,) = of(clerk, system).outlook
    assert person.code == "person"
    assert "mend the value" in person.text
    assert [call["error"] for call in Operation.objects.get().calls] == ["", "", "", "Rejected"]


def test_somebody_out_of_scope_and_somebody_gone(place: Place) -> None:
    system, _ = place
    bob = a_person("bob", department="Legal")
    found = of(bob, system)
    assert [clause.holds for clause in found.scope] == [False]
    assert [row.attribute for row in found.mappings] == ["userName"]
    assert [coming.code for coming in found.outlook] == ["nothing"]

    who = {"object_type": "user", "object_class": "user", "object_id": ADA, "object_name": "Ada"}
    Link.objects.create(system=system, state="linked", **who)
    gone = explain_in_full(ObjectType.USER, ADA, system)
    assert (gone.values, gone.mappings, gone.account) == ((), (), ())


def test_a_scope_that_cannot_be_read_leaves_the_rest(place: Place) -> None:
    system, _ = place
    system.scope_filter = "shoeSize gt 44"
    found = of(a_person("ada"), system)
    assert (found.scope, found.mappings, found.account) == ((), (), ())
    assert found.values


def test_a_group_is_explained_too(place: Place) -> None:
    system, _ = place
    staff = a_group("staff", a_person("ada"))
    found = explain_in_full(ObjectType.GROUP, staff.pk, system)
    assert [each.value for each in found.values] == ["staff"]
    assert [row.attribute for row in found.mappings] == ["displayName"]


def test_it_costs_the_same_however_much_happened(place: Place) -> None:
    system, _ = place
    clerk = make_person("ada", department="Sales")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            of(clerk, system)
        return len(queries)

    def happened(number: int) -> None:
        Operation.objects.bulk_create(
            Operation(
                system=system,
                object_type="user",
                object_id=clerk.pk,
                state=OperationState.FAILED,
                due_at=timezone.now(),
                created_at=timezone.now(),
            )
            for _ in range(number)
        )

    happened(10)
    few = asked()
    happened(190)
    assert asked() == few


def test_the_values_of_an_org_unit_stand_with_their_owner(place: Place) -> None:
    system, _ = place
    unit = make_org_unit("Labs", make_org_unit("Research"))
    found = explain_in_full(ObjectType.ORG_UNIT, unit.pk, system).values
    assert {(each.attribute, each.value) for each in found} == {
        ("name", "Labs"),
        ("code", "Labs"),
        ("parent", "Research"),
    }
    assert {each.owner for each in found} == {actor().origin}
