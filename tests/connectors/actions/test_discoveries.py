"""What a discovery proposed, taken over."""

import sqlite3
from pathlib import Path

import pytest
from django.conf import LazySettings

from connectors.actions.discoveries import take_over_discovery
from connectors.actions.mappings import set_mappings
from connectors.actions.systems import create_system, discover_system
from connectors.models import ConnectedSystem
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.mapping import MappingRow
from identities.models import AuditEntry
from identities.vocabulary import ObjectType

pytestmark = pytest.mark.django_db

ACTOR = command_actor()
FILE = {"database": "sqlite", "path": "app.sqlite3"}


@pytest.fixture
def system(tmp_path: Path, settings: LazySettings) -> ConnectedSystem:
    """A database of which nothing but its file is known yet."""
    settings.PORTAL_SQLITE_DIR = tmp_path
    with sqlite3.connect(tmp_path / "app.sqlite3") as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT UNIQUE, email TEXT, active BOOLEAN)")
    return create_system(actor=ACTOR, connector="sql", name="app", configuration=FILE)


def test_what_is_not_set_up_yet_can_be_discovered_and_taken_over(system: ConnectedSystem) -> None:
    found = discover_system(system, actor=ACTOR)
    assert found.proposals["users_table"] == "users"
    suggested = {ObjectType(kind): rows for kind, rows in found.suggested_mappings.items()}
    changed = take_over_discovery(system, actor=ACTOR, proposals=found.proposals, mappings=suggested)

    system.refresh_from_db()
    assert system.configuration["users_table"] == "users"
    assert {"users_table", "user.login", "user.email"} <= set(changed)
    assert {"login", "email"} <= set(system.mappings.values_list("attribute", flat=True))
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[-3:] == ["system.discovered", "system.changed", "mappings.changed"]


def test_what_is_mapped_already_stays(system: ConnectedSystem) -> None:
    set_mappings(system, ObjectType.USER, [MappingRow("Login", source="emails.value")], actor=ACTOR)
    suggested = {ObjectType.USER: {"login": "user.userName", "email": "user.primary_email"}}
    assert take_over_discovery(system, actor=ACTOR, proposals={}, mappings=suggested) == ("user.email",)
    rows = list(system.mappings.order_by("position").values_list("attribute", "source"))
    assert rows == [("Login", "emails.value"), ("email", "user.primary_email")]


@pytest.mark.parametrize(
    ("proposals", "mappings", "code"),
    [
        ({}, {ObjectType.USER: {}}, "nothing_chosen"),
        ({"misspelt": 1}, {}, "invalid_configuration"),
        ({"users_table": "users", "login_column": "login"}, {ObjectType.USER: {"login": "user.("}}, "invalid_mapping"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    system: ConnectedSystem, proposals: dict[str, object], mappings: dict[ObjectType, dict[str, str]], code: str
) -> None:
    with pytest.raises(RuleViolation) as refusal:
        take_over_discovery(system, actor=ACTOR, proposals=proposals, mappings=mappings)
    assert refusal.value.code == code
    stored = ConnectedSystem.objects.get(pk=system.pk)
    assert stored.configuration == FILE
    assert not stored.mappings.exists()
