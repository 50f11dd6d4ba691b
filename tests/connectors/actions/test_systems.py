"""Connected systems: made, changed, asked."""

from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from connectors import registry, vault
from connectors.actions.systems import (
    create_system,
    discover_system,
    resume_system,
    set_scope,
    test_system,
    update_system,
)
from connectors.admin.configuration_form import PREFIX, configuration_fields, option_labels
from connectors.catalog.memory.connector import MemoryConnector
from connectors.models import ConnectedSystem
from connectors.spi import FindingLevel
from connectors.vocabulary import BreakerState, RemovalPolicy, SystemState
from identities.actors import command_actor
from identities.errors import Conflict, IdentityError, NotFound, RuleViolation
from identities.models import AuditEntry
from tests.connectors.engine.rows import a_group, a_system, an_org_unit

pytestmark = pytest.mark.django_db

ACTOR = command_actor()
SCIM = {"base_url": "https://scim.example.test/v2"}
BASIC = {**SCIM, "authentication": "basic", "user_name": "portal"}
TOKEN = {"token": "s3cret-of-the-first-host"}


def a_scim_system(**more: Any) -> ConnectedSystem:
    """A system with a host and a secret."""
    given = {"name": "peer", "configuration": SCIM, "secrets": TOKEN, **more}
    return create_system(actor=ACTOR, connector="scim", **given)


def secrets_of(system: ConnectedSystem) -> dict[str, str]:
    """The stored secrets."""
    system.refresh_from_db()
    return vault.open_sealed(system.sealed_secrets, str(system.pk))


def test_a_system_is_created_paused_with_its_secrets_sealed() -> None:
    system = a_scim_system(description="Peer", when_deleted=RemovalPolicy.DISABLE, scope_filter="active eq true")

    system.refresh_from_db()
    assert system.state == SystemState.PAUSED
    assert (system.description, system.when_deleted, system.version) == ("Peer", "disable", 1)
    assert system.configuration == SCIM
    assert secrets_of(system) == TOKEN
    assert TOKEN["token"] not in system.sealed_secrets
    entry = AuditEntry.objects.get(verb="system.created")
    assert TOKEN["token"] not in str(entry.facts)
    assert entry.facts["secrets"] == ["token"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"configuration": {"base_url": "https://x.test", "misspelt": 1}}, "configuration.misspelt"),
        ({"configuration": {}}, "configuration.base_url"),
        ({"configuration": {**SCIM, "token": "in the open"}}, "configuration.token"),
        ({"secrets": {"passwort": "x"}}, "configuration.passwort"),
        ({"scope_filter": "userName equals"}, "scope_filter"),
        ({"group_filter": "nothing eq 1"}, "group_filter"),
        ({"adoption_policy": "perhaps"}, "adoption_policy"),
        ({"slots": 1}, "slots"),
        ({"colour": "red"}, "colour"),
        ({"scope_groups": [uuid4()]}, "scope_groups"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(values: dict[str, Any], field: str) -> None:
    with pytest.raises(IdentityError) as refusal:
        a_scim_system(**values)

    assert refusal.value.field == field
    assert not ConnectedSystem.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_connector_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(RuleViolation, match="installed"):
        create_system(actor=ACTOR, connector="carrier-pigeon", name="birds", configuration={})


@pytest.mark.parametrize(("first", "name"), [("peer", "peer"), ("peer", "PEER"), ("Ämter", "ämter")])
def test_a_name_is_taken_once_in_any_case(first: str, name: str) -> None:
    a_scim_system(name=first)
    with pytest.raises(Conflict, match=f"called {first} already"):
        a_scim_system(name=name)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_system(name)


@pytest.mark.parametrize("step", ["0002_system_names_in_any_case", "0006_folded_system_names"])
def test_an_upgrade_says_which_systems_differ_by_case_alone(step: str) -> None:
    migration = import_module(f"connectors.migrations.{step}")
    a_system("Ämter")
    other = a_system("other")
    migration.check_names(apps, None)
    ConnectedSystem.objects.filter(pk=other.pk).update(name="ämter")
    with pytest.raises(CommandError, match="'Ämter' and 'ämter'"):
        migration.check_names(apps, None)


def test_an_update_without_a_difference_writes_nothing() -> None:
    system = a_scim_system(scope_filter="active eq true")
    system.refresh_from_db()
    entries = AuditEntry.objects.count()
    defaults = {name: info.default for name, info in _fields("scim").items() if not info.is_required()}
    plain = {name: value for name, value in defaults.items() if isinstance(value, bool | int) and name != "token"}

    for changes in (
        {"configuration": SCIM, "secrets": TOKEN, "scope_filter": "active eq true", "scope_groups": []},
        {"configuration": {**plain, **SCIM}},
        {},
    ):
        result = update_system(system, actor=ACTOR, changes=changes)
        assert (result.changed, result.needs_push) == ((), False)

    assert AuditEntry.objects.count() == entries
    assert ConnectedSystem.objects.get().version == 1


def _fields(kind: str) -> dict[str, Any]:
    found = registry.connector(kind).connector_class
    assert found is not None
    return dict(found.configuration_class.described())


def test_an_update_says_whether_accounts_have_to_follow() -> None:
    system = a_scim_system()

    assert not update_system(system, actor=ACTOR, changes={"name": "other", "slots": 8}).needs_push
    result = update_system(system, actor=ACTOR, changes={"when_inactive": "delete"})

    assert (result.changed, result.needs_push, result.system.version) == (("when_inactive",), True, 3)
    assert AuditEntry.objects.filter(verb="system.changed").count() == 2


def test_changing_the_host_drops_the_secret() -> None:
    system = a_scim_system()

    update_system(system, actor=ACTOR, changes={"configuration": {"base_url": "https://evil.test/v2"}})

    assert secrets_of(system) == {}


LDAP = {"host": "ldap.example.test", "bind_dn": "cn=portal,dc=test", "base_dn": "dc=test"}
SQL = {"database": "postgresql", "host": "db.example.test", "database_name": "intranet", "user_name": "portal"}
ELSEWHERE = [
    ("ldap", LDAP, "bind_password", {"host": "evil.test"}),
    ("ldap", LDAP, "bind_password", {"port": 1389}),
    ("ldap", LDAP, "bind_password", {"security": "plain"}),
    ("scim", SCIM, "token", {"base_url": "https://scim.example.test.evil.test/v2"}),
    ("scim", SCIM, "token", {"base_url": "http://scim.example.test/v2"}),
    ("sql", SQL, "password", {"host": "evil.test"}),
    ("sql", SQL, "password", {"port": 5433}),
    ("sql", SQL, "password", {"database_name": "other"}),
    ("sql", SQL, "password", {"sslmode": "disable"}),
]


@pytest.mark.parametrize(("kind", "configuration", "secret", "changes"), ELSEWHERE)
def test_no_secret_goes_where_it_was_not_typed_for(
    kind: str, configuration: dict[str, Any], secret: str, changes: dict[str, Any]
) -> None:
    secrets = {secret: "s3cret-of-the-first-host"}
    given = {"configuration": configuration, "secrets": secrets}
    system = create_system(actor=ACTOR, connector=kind, name="first", **given)

    update_system(system, actor=ACTOR, changes={"configuration": {**configuration, "ca_certificate": "PEM"}})
    assert secrets_of(system) == secrets
    update_system(system, actor=ACTOR, changes={"configuration": {**configuration, **changes}})

    assert secrets_of(system) == {}
    [finding, *_] = test_system(system, actor=ACTOR)
    assert finding.level is FindingLevel.ERROR


def test_changing_the_host_with_a_new_secret_keeps_that_one() -> None:
    system = a_scim_system()
    new = {"token": "s3cret-of-the-second-host"}

    changes = {"configuration": {"base_url": "https://other.test/v2"}, "secrets": new}
    update_system(system, actor=ACTOR, changes=changes)

    assert secrets_of(system) == new


def test_changing_something_else_keeps_the_secret() -> None:
    system = a_scim_system()
    other = next(name for name, info in _fields("scim").items() if info.default is False)

    update_system(system, actor=ACTOR, changes={"configuration": {**SCIM, other: True}})

    assert secrets_of(system) == TOKEN


def test_a_secret_is_replaced_and_dropped_and_never_recorded() -> None:
    system = a_scim_system()
    update_system(system, actor=ACTOR, changes={"secrets": {"token": "an0ther"}})
    assert secrets_of(system) == {"token": "an0ther"}

    with pytest.raises(RuleViolation, match="token"):
        update_system(system, actor=ACTOR, changes={"secrets": {"token": None}})
    update_system(system, actor=ACTOR, changes={"configuration": BASIC, "secrets": {"token": None, "password": "pw"}})

    assert secrets_of(system) == {"password": "pw"}
    recorded = str(list(AuditEntry.objects.values_list("changes", "facts")))
    assert "s3cret" not in recorded
    assert "an0ther" not in recorded


def test_a_new_configuration_forgets_what_was_held_against_the_system() -> None:
    system = a_scim_system()
    held = {"breaker": BreakerState.OPEN, "breaker_reason": "Wrong token.", "remote_schema": {"format": 1}}
    ConnectedSystem.objects.update(**held, consecutive_failures=9)

    update_system(system, actor=ACTOR, changes={"configuration": {"base_url": "https://other.test"}})

    system.refresh_from_db()
    assert (system.breaker, system.breaker_reason, system.consecutive_failures) == (BreakerState.CLOSED, "", 0)
    assert system.remote_schema == {}


def test_the_scope_is_set_as_a_whole() -> None:
    system, staff, sales = a_scim_system(), a_group("staff"), an_org_unit("sales")

    result = set_scope(system, actor=ACTOR, scope_filter='title eq "x"', groups=[staff], org_units=[sales.pk])

    assert set(result.changed) == {"scope_filter", "scope_groups", "scope_org_units"}
    assert list(system.scope_groups.all()) == [staff]
    assert list(system.scope_org_units.all()) == [sales]
    set_scope(system, actor=ACTOR)
    assert not system.scope_groups.exists()


def test_a_system_that_is_gone_cannot_be_changed() -> None:
    with pytest.raises(NotFound):
        update_system(uuid4(), actor=ACTOR, changes={"slots": 8})


def test_a_test_names_what_it_found_and_closes_the_breaker() -> None:
    system = a_system(breaker=BreakerState.OPEN, breaker_reason="down")

    findings = test_system(system, actor=ACTOR)

    assert [each.level for each in findings] == [FindingLevel.OK]
    system.refresh_from_db()
    assert system.breaker == BreakerState.CLOSED
    assert AuditEntry.objects.get(verb="system.tested").facts["findings"] == {"store": "ok"}


def test_a_test_of_a_broken_configuration_is_a_finding_too() -> None:
    system = a_system(configuration={"misspelt": 1}, breaker=BreakerState.OPEN)

    (finding,) = test_system(system, actor=ACTOR)

    assert (finding.name, finding.level) == ("configuration", FindingLevel.ERROR)
    system.refresh_from_db()
    assert system.breaker == BreakerState.OPEN


def test_discovery_keeps_the_schema() -> None:
    system = a_system()

    discover_system(system, actor=ACTOR)

    system.refresh_from_db()
    assert "userName" in system.remote_schema["objects"]["user"]["attributes"]


def test_discovery_of_a_broken_configuration_is_refused_in_words() -> None:
    with pytest.raises(RuleViolation, match="misspelt"):
        discover_system(a_system(configuration={"misspelt": 1}), actor=ACTOR)


def test_a_connector_that_breaks_while_it_discovers_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryConnector, "discover", lambda self: 1 / 0)

    with pytest.raises(RuleViolation) as refusal:
        discover_system(a_system(), actor=ACTOR)
    assert refusal.value.code == "connector_defect"


def test_a_system_is_made_without_what_discover_proposes_but_not_resumed() -> None:
    without = {name: value for name, value in LDAP.items() if name != "base_dn"}
    system = create_system(
        actor=ACTOR, connector="ldap", name="directory", configuration=without, secrets={"bind_password": "s3cret"}
    )
    with pytest.raises(RuleViolation, match="Base DN is empty") as refusal:
        resume_system(system, actor=ACTOR)
    assert refusal.value.field == "configuration.base_dn"
    update_system(system, actor=ACTOR, changes={"configuration": LDAP})
    resume_system(system, actor=ACTOR)
    with pytest.raises(RuleViolation, match="Base DN is empty"):
        update_system(system, actor=ACTOR, changes={"configuration": without})
    system.refresh_from_db()
    assert (system.state, system.configuration) == (SystemState.RUNNING, LDAP)


@pytest.mark.parametrize("kind", ["ldap", "memory", "scim", "sql"])
def test_every_option_has_a_label_in_the_form(kind: str) -> None:
    found = registry.connector(kind).connector_class
    assert found is not None
    choices = [
        (name, value, label, option_labels(found.configuration_class.described()[name.removeprefix(PREFIX)]))
        for name, field in configuration_fields(found.configuration_class, {}).items()
        for value, label in getattr(field, "choices", ())
    ]
    assert choices
    for name, value, label, labels in choices:
        assert labels.get(value) == label, f"{name}: {value}"
