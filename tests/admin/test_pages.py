"""Every page of the admin opens, filled, with a number of queries that does not grow with the people."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.models import Run
from connectors.vocabulary import RunKind
from tests.admin.addresses import WITHOUT_PAGE, admin_patterns, pages
from tests.admin.conftest import signed_in
from tests.admin.world import CANARY, World
from tests.factories import make_people

MOST_QUERIES = 30
# The secret, and comments and tags that were not taken for what they are.
UNSEEN = (CANARY.encode(), b"{# ", b" #}", b"{% ")
FEW, MANY = 10, 1000
# What only stands for a page: it leads elsewhere, or nobody may open it.
ELSEWHERE = {
    "password_change": 302,
    "connectors_connectedsystem_provision user": 405,
    "connectors_connectedsystem_provision group": 405,
    "connectors_connectedsystem_provision org_unit": 405,
}
NOBODY_MAY = (
    "identities_auditentry_add",
    "identities_auditentry_delete",
    "identities_apiclient_delete",
    "identities_orgunit_delete",
    "identities_clientrequest_add",
    "identities_clientrequest_delete",
    "identities_selftest_delete",
    "auth_group_add",
    "auth_group_delete",
    "connectors_run_delete",
    "connectors_link_add",
    "connectors_link_delete",
    "connectors_operation_add",
    "connectors_operation_delete",
    "connectors_connectedsystem_delete",
)


def expected_status(name: str) -> int:
    """How a superuser's GET of a page is answered."""
    if name in NOBODY_MAY:
        return 403
    return ELSEWHERE.get(name, 302 if name.endswith("_history") else 200)


def one_of_each(world: World) -> dict[str, str]:
    """An object of each model that has pages."""
    chosen = {"identities_user": world.person, "connectors_connectedsystem": world.systems[0]}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        chosen.setdefault(name, model._default_manager.order_by("pk").first())  # type: ignore[arg-type]
    chosen |= {"identities_group": world.groups[0], "identities_orgunit": world.units[1]}
    chosen["identities_administrator"] = world.auditor
    chosen["connectors_run"] = Run.objects.get(kind=RunKind.IMPORT)
    return {name: str(each.pk) for name, each in chosen.items()}


def _visit(world: World) -> dict[str, tuple[int, int, bool]]:
    """Status, number of queries, and whether a secret shows, of every page.

    What the first page asks once for all is known by then; what keeps the session alive comes every half minute.
    """
    client = signed_in(world.superuser)
    for concrete in (True, False):
        ContentType.objects.get_for_models(*admin.site._registry, for_concrete_models=concrete)
    found = {}
    for name, address in pages(one_of_each(world)).items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        asked = [query for query in queries if "django_session" not in query["sql"] and "SAVEPOINT" not in query["sql"]]
        found[name] = (answer.status_code, len(asked), any(each in answer.content for each in UNSEEN))
    return found


@pytest.fixture(scope="module")
def visits(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every page visited with few people and with many."""
    few = _visit(world)
    world.people.extend(make_people(MANY - FEW, given_name="Ada", org_unit=world.units[1]))
    return few, _visit(world)


@pytest.mark.django_db
def test_every_page_opens(visits: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for visited in visits:
        statuses = {name: status for name, (status, _queries, _secret) in visited.items()}
        assert statuses == {name: expected_status(name) for name in visited}


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_people(visits: tuple[dict[str, Any], dict[str, Any]]) -> None:
    few, many = ({name: queries for name, (_status, queries, _secret) in visited.items()} for visited in visits)
    for name in sorted(many, key=many.__getitem__, reverse=True):
        print(f"{few[name]:4} {many[name]:4}  {name}")  # noqa: T201  shown when it fails, or with -s
    assert many == few
    assert max(many.values()) <= MOST_QUERIES


@pytest.mark.django_db
def test_no_page_shows_a_secret_or_what_it_is_made_of(visits: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert [name for visited in visits for name, (_status, _queries, secret) in visited.items() if secret] == []


@pytest.mark.django_db
def test_every_address_is_a_page_or_known_to_be_none(world: World) -> None:
    opened = {name.partition("?")[0].partition(" ")[0] for name in pages(one_of_each(world))}
    assert set(admin_patterns()) <= opened | WITHOUT_PAGE
