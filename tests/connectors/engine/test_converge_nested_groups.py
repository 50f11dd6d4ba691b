"""Groups in groups: kept where the system can, expanded where it cannot."""

import pytest

from connectors.spi import ObjectClass
from identities.vocabulary import ObjectType
from tests.connectors.engine.converging import run
from tests.connectors.engine.referring import by_name, rung, work_off
from tests.connectors.engine.rows import a_group, a_person, join, put

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("quick")]


def test_nested_groups_stay_nested_where_the_system_can() -> None:
    system, store = by_name()
    ada = a_person("ada")
    inner = a_group("inner", ada)
    outer = a_group("outer", inner)
    for each in (ada, inner, outer):
        run(system, each)

    records = {record.attributes["displayName"]: record for record in store.records(ObjectClass.GROUP).values()}
    assert records[("outer",)].attributes["members"] == ("group:inner",)


def test_nested_groups_are_flattened_where_it_cannot() -> None:
    system, store = by_name(nested_groups=False)
    ada, grace = a_person("ada"), a_person("grace")
    inner = a_group("inner", ada)
    outer = a_group("outer", inner)
    for each in (ada, inner, outer):
        run(system, each)
    records = {record.attributes["displayName"]: record for record in store.records(ObjectClass.GROUP).values()}
    assert records[("outer",)].attributes["members"] == ("user:ada",)

    join(inner, grace)
    run(system, grace)
    assert {(ObjectType.GROUP, inner.pk), (ObjectType.GROUP, outer.pk)} <= rung(system)


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
def test_groups_that_hold_each_other_settle(nested: bool) -> None:
    system, store = by_name(nested_groups=nested)
    ada, grace = a_person("ada"), a_person("grace")
    one = a_group("one", ada)
    two = a_group("two", grace, one)
    join(one, two)
    for each in (one, two, ada, grace):
        put(system, each)
    assert work_off(system) < 20
    records = {record.attributes["displayName"]: record for record in store.records(ObjectClass.GROUP).values()}
    held = {name: set(map(str, record.attributes["members"])) for (name,), record in records.items()}
    everybody = {"user:ada", "user:grace"}
    assert held == (
        {"one": {"user:ada", "group:two"}, "two": {"user:grace", "group:one"}}
        if nested
        else {"one": everybody, "two": everybody}
    )
    for each in (one, two):
        assert run(system, each).verdict == "nothing"
