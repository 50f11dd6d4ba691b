"""The page of a system's mappings, sent as a browser sends it: with the first choice of every list in empty rows."""

from __future__ import annotations

import pytest
from django.urls import reverse

from connectors.models import ConnectedSystem, SystemMapping
from tests.admin.conftest import signed_in
from tests.admin.world import World
from tests.factories import make_group

pytestmark = pytest.mark.django_db
FIRST_CHOICES = {"object_type": "user", "attribute": "", "kind": "direct", "source": "", "apply": "always"}


def sent(system: ConnectedSystem, **more: str) -> dict[str, str]:
    """The form as it stands on the page."""
    names = ("object_type", "attribute", "kind", "source", "apply")
    rows = [*system.mappings.order_by("-object_type", "position", "id").values(*names), FIRST_CHOICES, FIRST_CHOICES]
    fields = {f"form-{number}-{name}": row[name] for number, row in enumerate(rows) for name in names}
    return {**fields, "form-TOTAL_FORMS": str(len(rows)), "form-INITIAL_FORMS": str(len(rows) - 2), **more}


def test_the_result_for_a_person_is_shown_before_anything_is_saved(world: World) -> None:
    system = world.systems[0]
    page = reverse("admin:connectors_connectedsystem_section", args=[system.pk, "mappings"])
    client, stored = signed_in(world.operator), list(system.mappings.values_list("source", flat=True))
    tried = {"person": world.person.user_name, "try": "yes", "form-1-source": "title"}
    answer = client.post(page, sent(system, **tried)).content.decode()
    assert f"Result for {world.person.user_name}" in answer
    assert "Clerk" in answer.partition("Result for")[2]
    assert list(system.mappings.values_list("source", flat=True)) == stored

    client.post(page, sent(system, **{"save": "yes", "form-1-source": "title"}))
    assert list(system.mappings.order_by("position").values_list("source", flat=True)) == ["userName", "title"]


def test_a_name_is_tried_as_whatever_has_it(world: World) -> None:
    system, unit = world.systems[0], world.units[2]
    make_group(unit.name)
    SystemMapping.objects.create(system=system, object_type="org_unit", attribute="ou", source="name", position=0)
    SystemMapping.objects.create(
        system=system, object_type="org_unit", attribute="path", kind="expression", source="org_unit.path | join('/')"
    )
    page = reverse("admin:connectors_connectedsystem_section", args=[system.pk, "mappings"])
    client = signed_in(world.operator)
    answer = client.get(page, {"person": unit.name.upper()}).content.decode()
    assert f"Result for {unit.name.upper()} (group)" in answer
    shown = answer.partition(f"Result for {unit.name.upper()} (org unit)")[2]
    assert f"{world.units[0].name}/{unit.name}" in shown
    assert "Nobody is called" in client.get(page, {"person": "nobody's"}).content.decode()


def test_a_refused_mapping_keeps_what_was_typed(world: World) -> None:
    system = world.systems[1]
    page = reverse("admin:connectors_connectedsystem_section", args=[system.pk, "mappings"])
    typed = {"save": "yes", "form-1-kind": "expression", "form-1-source": "user.("}
    answer = signed_in(world.operator).post(page, sent(system, **typed)).content.decode()
    assert "user.(" in answer
    assert set(system.mappings.values_list("source", flat=True)) == {"userName", "displayName"}
