"""Asking a connected system: does it work, what is it, what can it hold. Nothing is written there."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from django.db import transaction

from connectors.actions.systems.settings import locked_system
from connectors.engine import gates, session
from connectors.engine.failures import Defect
from connectors.engine.guarded_connector import defect
from connectors.models import ConnectedSystem
from connectors.spi import ConnectorError, Discovery, Finding, FindingLevel, Misconfigured, ObjectClass
from connectors.vocabulary import BreakerState, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import RuleViolation
from identities.vocabulary import ObjectType

UNIT_AS_GROUP: Final = "org_unit.name ~ ' (' ~ org_unit.code ~ ')'"


def test_system(system: ConnectedSystem, *, actor: Actor) -> list[Finding]:
    """Go through connecting, signing in, reading and being allowed to write; return the named findings.

    A test without an error closes the system's breaker: what waited goes out at once.
    """
    findings = _findings(system)
    works = not any(each.level is FindingLevel.ERROR for each in findings)
    with transaction.atomic():
        locked = locked_system(system)
        if works and locked.breaker != BreakerState.CLOSED:
            gates.reset(locked)
            outbox.ring()
        results = {each.name: str(each.level) for each in findings}
        audit.record(SystemVerb.SYSTEM_TESTED, locked, actor=actor, findings=results)
    return findings


test_system.__test__ = False  # type: ignore[attr-defined]  # an action, whatever pytest may think of its name


def discover_system(system: ConnectedSystem, *, actor: Actor) -> Discovery:
    """Ask the system what it is and what it can hold, and keep its schema where it is set up far enough to have one.

    Raises:
        RuleViolation: it could not be asked; the message says why.
    """
    try:
        with session.connection(session.configuration_of(system), system.connector) as connector:
            discovery = _with_org_units(system, connector.discover())
            with suppress(Misconfigured):  # what the schema needs is what the discovery proposes
                session.keep_schema(system, connector.schema())
    except (ConnectorError, Defect) as error:
        raise RuleViolation("system_cannot_be_asked", error.message, detail=error.detail) from error
    except Exception as error:  # a connector's defect must not look like ours
        found = defect(error, ())
        raise RuleViolation("connector_defect", found.message, detail=found.detail) from error
    with transaction.atomic():
        audit.record(SystemVerb.SYSTEM_DISCOVERED, system, actor=actor)
    return discovery


def _with_org_units(system: ConnectedSystem, discovery: Discovery) -> Discovery:
    """Where org units are groups there, what names a group is to name them; with their code, as their names may be
    taken: by a group, or by a unit elsewhere in the tree.
    """
    if system.object_class_of(ObjectType.ORG_UNIT) is not ObjectClass.GROUP:
        return discovery
    of_groups = discovery.suggested_mappings.get(ObjectClass.GROUP, {})
    named = {name: UNIT_AS_GROUP for name, expression in of_groups.items() if expression == "group.displayName"}
    return replace(discovery, suggested_mappings={**discovery.suggested_mappings, ObjectClass.ORG_UNIT: named})


def _findings(system: ConnectedSystem) -> list[Finding]:
    try:
        connector = session.unopened(system)
    except ConnectorError as error:
        return [Finding("configuration", FindingLevel.ERROR, error.message, "Mend the configuration, then test again.")]
    try:
        return list(connector.test())
    finally:
        connector.close()
