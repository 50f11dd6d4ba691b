"""The org structure: the tree, and what is done to a unit once its consequences have been seen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from connectors.models import SystemMapping
from connectors.spi import ObjectClass
from connectors.vocabulary import OrgUnitProvisioning, SystemState
from identities.actions import org_units
from identities.actions.memberships import add_members
from identities.actions.users import update_user
from identities.models import AuditEntry, ChangeEvent, OrgUnit, User
from tests.admin.conftest import signed_in
from tests.connectors.engine.rows import a_link, a_system
from tests.factories import actor, make_group, make_operator, make_people, make_person

pytestmark = pytest.mark.django_db
TREE = reverse("admin:identities_orgunit_changelist")


@pytest.fixture
def client() -> Client:
    return signed_in(make_operator())


def _new(name: str, code: str, parent: OrgUnit | None = None, **values: Any) -> OrgUnit:
    return org_units.create_org_unit(actor=actor(), name=name, code=code, parent=parent, **values)


@pytest.fixture
def company() -> dict[str, OrgUnit]:
    """A company of two divisions, one of which has a department of its own name."""
    top = _new("Company", "HQ")
    finance, sales = _new("Finance", "D-FINA", top), _new("Sales", "D-COMM", top)
    return {"HQ": top, "D-FINA": finance, "D-COMM": sales, "100": _new("Finance", "100", finance)}


def _shown(page: str) -> list[tuple[int, str]]:
    """Depth and code of the units on the page, by the lists they stand in, all of which end."""
    content = page[page.index('<section class="org-tree') : page.index("</section>", page.index('class="org-tree'))]
    depth, found = 0, []
    for end, tag, code in re.findall(r'<(/?)(ul|details|li)\b|<span class="hint">([^<]*)</span>', content):
        depth += 0 if tag != "ul" else -1 if end else 1
        if code:
            found.append((depth - 1, code))
    for tag in ("ul", "li", "details"):
        assert len(re.findall(rf"<{tag}\b", content)) == content.count(f"</{tag}>"), tag
    assert depth == 0
    return found


def _do(unit: OrgUnit, key: str) -> str:
    return reverse("admin:identities_orgunit_do", args=[unit.pk, key])


def test_units_stand_below_their_parents_with_who_is_in_them(client: Client, company: dict[str, OrgUnit]) -> None:
    boss = make_person("boss", display_name="The Boss", org_unit=company["HQ"])
    org_units.update_org_unit(company["D-FINA"], actor=actor(), changes={"manager": boss})
    make_people(2, org_unit=company["D-FINA"])
    make_people(3, org_unit=company["100"])
    make_operator("nobody")
    answer = client.get(TREE)
    page = answer.content.decode()
    assert _shown(page) == [(0, "HQ"), (1, "D-FINA"), (2, "100"), (1, "D-COMM")]
    assert reverse("admin:identities_user_change", args=[boss.pk]) in page
    numbers = {row.unit.code: (row.place.people, row.place.people_below) for row in answer.context["page"].rows}
    assert numbers == {"HQ": (1, 6), "D-FINA": (2, 5), "100": (3, 3), "D-COMM": (0, 0)}


def test_a_search_shows_what_stands_above_what_it_finds(client: Client, company: dict[str, OrgUnit]) -> None:
    _new("Payroll", "200", company["100"])
    found = client.get(TREE, {"q": "Payr"})
    assert _shown(found.content.decode()) == [(0, "HQ"), (1, "D-FINA"), (2, "100"), (3, "200")]
    assert [row.unit.code for row in found.context["page"].rows if row.is_found] == ["200"]
    assert all(row.is_open for row in found.context["page"].rows)
    assert "Nothing fits" in client.get(TREE, {"q": "nothing at all"}).content.decode()
    for strange in ({"below": "x"}, {"p": "-1"}, {"q": "\x00"}, {"below": "0" * 32, "p": "x"}):
        assert client.get(TREE, strange).status_code == 200


def test_a_part_of_the_tree_has_its_own_page(client: Client, company: dict[str, OrgUnit]) -> None:
    below = client.get(TREE, {"below": str(company["D-FINA"].pk)})
    assert _shown(below.content.decode()) == [(0, "100")]
    assert [unit.code for unit in below.context["page"].path] == ["HQ", "D-FINA"]
    leaf = client.get(TREE, {"below": str(company["100"].pk)}).content.decode()
    assert "No units stand below this one." in leaf


def _statements(client: Client) -> tuple[int, int]:
    """How many statements the tree takes, and how many units it shows."""
    with CaptureQueriesContext(connection) as queries:
        page = client.get(TREE)
    asked = [each for each in queries if "django_session" not in each["sql"] and "SAVEPOINT" not in each["sql"]]
    assert len(_shown(page.content.decode())) == len(page.context["page"].rows)
    return len(asked), len(page.context["page"].rows)


def _grow(number: int, parents: list[OrgUnit]) -> list[OrgUnit]:
    """So many more units below these, with somebody in the first, in one batch."""
    first = OrgUnit.objects.count()
    rows = [org_units.NewOrgUnit(f"Unit {n}", f"u{first + n}", parents[n % len(parents)]) for n in range(number)]
    made = [each for each in org_units.create_org_units_many(rows, actor=actor()) if isinstance(each, OrgUnit)]
    update_user(make_person(), actor=actor(), changes={"org_unit": made[0]})
    return made


def test_statements_do_not_grow_with_the_units_and_the_page_is_bounded(
    client: Client, company: dict[str, OrgUnit]
) -> None:
    client.get(TREE)
    leaves = _grow(30, [company["D-FINA"], company["D-COMM"]])
    few = _statements(client)
    lower = _grow(306, leaves)
    many = _statements(client)
    assert (few[1], many) == (34, (few[0], 340))
    _grow(300, lower[:1])
    assert _statements(client) == (few[0], 340)
    more = next(row for row in client.get(TREE).context["page"].rows if row.unit == lower[0])
    assert (more.opens, more.more) == (False, 300)
    below = client.get(TREE, {"below": str(lower[0].pk), "p": "3"})
    assert len(below.context["page"].rows) == 100
    assert f"p=2&amp;below={lower[0].pk}" in below.content.decode()


def test_a_unit_is_renamed_once_that_is_confirmed(client: Client, company: dict[str, OrgUnit]) -> None:
    page, unit = _do(company["D-FINA"], "rename"), company["D-FINA"]
    assert 'value="D-FINA"' in client.get(page).content.decode()
    sent = {"name": "Money", "code": "D-MON"}
    events = ChangeEvent.objects.count()
    seen = client.post(page, sent).content.decode()
    assert 'type="hidden" name="name" value="Money"' in seen
    assert OrgUnit.objects.get(pk=unit.pk).name == "Finance"
    assert ChangeEvent.objects.count() == events
    assert client.post(page, {**sent, "confirmed": "yes"}).status_code == 302
    assert (OrgUnit.objects.get(pk=unit.pk).name, OrgUnit.objects.get(pk=unit.pk).code) == ("Money", "D-MON")
    refused = client.post(page, {"name": "sales", "code": "D-MON"}).content.decode()
    assert "There is an org unit sales below the same one already." in refused


def test_a_manager_is_set_and_taken_away(client: Client, company: dict[str, OrgUnit]) -> None:
    boss, page = make_person("boss"), _do(company["100"], "manager")
    assert client.post(page, {"manager": str(boss.pk)}).status_code == 302
    assert OrgUnit.objects.get(pk=company["100"].pk).manager_id == boss.pk
    client.post(page, {"manager": ""})
    assert OrgUnit.objects.get(pk=company["100"].pk).manager_id is None
    assert client.post(page, {"manager": "x"}).status_code == 200


def _consequences(answer: Any) -> dict[str, tuple[int, int, int, int]]:
    found = answer.context["foreseen"].consequences
    return {each.name: (each.accounts, each.rewritten, each.entering, each.leaving) for each in found}


def _systems(company: dict[str, OrgUnit], people: list[User]) -> None:
    """One system for everybody, those for the people of each division, one by filter, and one for the whole company."""
    filtered = 'urn:ietf:params:scim:schemas:extension:portal:2.0:User:orgUnit.code eq "100"'
    made = {name: a_system(name) for name in ("everybody", "finance", "sales", "company")}
    made["filtered"] = a_system("filtered", scope_filter=filtered, state=SystemState.PAUSED)
    for name, code in (("finance", "D-FINA"), ("sales", "D-COMM"), ("company", "HQ")):
        made[name].scope_org_units.add(company[code])
    for name, source in (("everybody", "org_unit.path"), ("finance", "org_unit.name"), ("filtered", "org_unit.code")):
        SystemMapping.objects.create(system=made[name], attribute="ou", kind="expression", source=source)
    for person in people:
        for name in ("everybody", "finance", "filtered"):
            a_link(made[name], person)


def test_a_move_shows_who_enters_and_leaves_before_it_is_made(client: Client, company: dict[str, OrgUnit]) -> None:
    people = make_people(3, org_unit=company["100"])
    _systems(company, people)
    as_groups = {"provisions_org_units": OrgUnitProvisioning.GROUPS, "org_unit_class": ObjectClass.GROUP}
    a_link(a_system("units", **as_groups), company["100"])
    page, sent = _do(company["100"], "move"), {"parent": str(company["D-COMM"].pk)}
    before = (ChangeEvent.objects.count(), AuditEntry.objects.count())
    seen = client.post(page, sent)
    # Its own name and code stay, the way down to it does not; whoever leaves is not written anew.
    assert _consequences(seen) == {
        "everybody": (3, 3, 0, 0),
        "filtered": (3, 0, 0, 0),
        "finance": (3, 0, 0, 3),
        "sales": (0, 0, 3, 0),
        "units": (0, 0, 0, 0),
    }
    words = seen.content.decode()
    assert "Kept there as groups of their people: 1 of the org units; they follow." in words
    assert "3 people stand in it or below it," in words
    assert "Whoever leaves: disable the account." in words
    assert (ChangeEvent.objects.count(), AuditEntry.objects.count()) == before
    assert OrgUnit.objects.get(pk=company["100"].pk).parent_id == company["D-FINA"].pk
    client.post(page, {**sent, "confirmed": "yes"})
    assert OrgUnit.objects.get(pk=company["100"].pk).parent_id == company["D-COMM"].pk
    loop = client.post(_do(company["D-COMM"], "move"), {"parent": str(company["100"].pk)}).content.decode()
    assert "cannot stand below itself" in loop


def test_a_unit_is_closed_once_it_is_settled_where_its_people_go(client: Client, company: dict[str, OrgUnit]) -> None:
    [person] = make_people(1, org_unit=company["100"])
    _systems(company, [person])
    page = _do(company["100"], "close")
    assert "0 units and 1 people" in client.get(page).content.decode()
    seen = client.post(page, {"into": str(company["D-COMM"].pk), "reason": "Merged"})
    assert _consequences(seen) == {
        "everybody": (1, 1, 0, 0),
        "filtered": (1, 0, 0, 1),
        "finance": (1, 0, 0, 1),
        "sales": (0, 0, 1, 0),
    }
    assert OrgUnit.objects.get(pk=company["100"].pk).deleted_at is None
    assert client.post(page, {"into": str(company["D-COMM"].pk), "confirmed": "yes"}).status_code == 200  # no reason
    sent = {"into": str(company["D-COMM"].pk), "reason": "Merged", "confirmed": "yes"}
    assert client.post(page, sent)["Location"] == TREE
    assert User.objects.get(pk=person.pk).org_unit_id == company["D-COMM"].pk
    closed = AuditEntry.objects.get(verb="org_unit.deleted", subject_id=str(company["100"].pk))
    assert closed.reason == "Merged"
    # The division is empty now: nothing is left to settle.
    client.post(_do(company["D-FINA"], "close"), {"reason": "Empty", "confirmed": "yes"})
    assert OrgUnit.objects.get(pk=company["D-FINA"].pk).deleted_at is not None


def test_what_systems_do_is_shown_to_whoever_may_see_them(company: dict[str, OrgUnit]) -> None:
    a_system("secret")
    viewer = make_operator("viewer")
    viewer.is_superuser = False
    viewer.save(update_fields=["is_superuser"])
    viewer.groups.clear()
    rights = Permission.objects.filter(codename__in=("view_orgunit", "change_orgunit"))
    viewer.user_permissions.set(rights)
    seen = signed_in(viewer).post(_do(company["100"], "move"), {"parent": ""})
    assert (seen.status_code, _consequences(seen)) == (200, {})
    assert "shown to whoever may see these" in seen.content.decode()


def test_the_way_down_to_a_unit_stands_where_people_are(client: Client, company: dict[str, OrgUnit]) -> None:
    person, group = make_person("ada", org_unit=company["100"]), make_group("Readers")
    add_members(group, [person], actor=actor())
    way = "Company / Finance / Finance"
    assert way in client.get(reverse("admin:identities_user_change", args=[person.pk])).content.decode()
    members = reverse("admin:identities_group_section", args=[group.pk, "members"])
    assert way in client.get(members).content.decode()
    unit = client.get(reverse("admin:identities_orgunit_change", args=[company["100"].pk])).content.decode()
    assert "Company / Finance" in unit


def test_what_can_be_nobody_is_refused_on_the_page(client: Client, company: dict[str, OrgUnit]) -> None:
    sent = {"name": "x", "code": "x", "parent": "x", "manager": "\x00"}
    assert client.post(reverse("admin:identities_orgunit_add"), sent).status_code == 200
    for key, field in (("move", "parent"), ("manager", "manager"), ("close", "into")):
        for value in ("x", "\x00", "0" * 32):
            answer = client.post(_do(company["D-FINA"], key), {field: value, "reason": "x", "confirmed": "yes"})
            assert (answer.status_code, bool(answer.context["form"].errors)) == (200, True)
    system = a_system("one", connector="sql")
    page = reverse("admin:connectors_connectedsystem_change", args=[system.pk])
    assert client.post(page, {"name": "one", "scope_groups": ["x"], "scope_org_units": ["y"]}).status_code == 200


def test_units_of_one_name_are_told_apart_where_they_are_chosen(client: Client, company: dict[str, OrgUnit]) -> None:
    asked = {"app_label": "identities", "model_name": "user", "field_name": "org_unit", "term": "fina"}
    found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert {each["text"] for each in found} == {"Finance (D-FINA)", "Finance (100)"}
