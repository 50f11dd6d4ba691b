"""Taking over what a discovery proposed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from connectors.actions.mappings import set_mappings
from connectors.actions.systems.settings import locked_system, update_system
from connectors.models import ConnectedSystem
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import RuleViolation
from identities.mapping import MappingRow
from identities.vocabulary import MappingKind, ObjectType

Suggested = Mapping[ObjectType, Mapping[str, str]]


@transaction.atomic
def take_over_discovery(
    system: ConnectedSystem | UUID, *, actor: Actor, proposals: Mapping[str, Any], mappings: Suggested
) -> tuple[str, ...]:
    """Put proposed values into the configuration and add suggested mappings, as a person chose them.

    What is mapped already stays as it is. Recorded as the change of the configuration and of the mappings it is.

    Returns:
        What changed: names of settings, and `<object type>.<attribute>` for each new mapping.

    Raises:
        RuleViolation: nothing was chosen, a value does not fit, or an expression cannot be compiled; nothing is
            changed then.
    """
    if not proposals and not any(mappings.values()):
        raise RuleViolation("nothing_chosen", "Tick what is to be taken over.")
    locked = locked_system(system)
    changed: list[str] = []
    if proposals:
        configuration = {**locked.configuration, **proposals}
        if update_system(locked, actor=actor, changes={"configuration": configuration}).changed:
            changed += proposals
    for object_type, suggested in mappings.items():
        changed += _added(locked, object_type, suggested, actor)
    return tuple(changed)


def _added(system: ConnectedSystem, object_type: ObjectType, suggested: Mapping[str, str], actor: Actor) -> list[str]:
    stored = [row.plain() for row in system.mappings.filter(object_type=object_type).order_by("position", "id")]
    there = {fold(row.attribute) for row in stored}
    new = [
        MappingRow(attribute=attribute, kind=MappingKind.EXPRESSION, source=source)
        for attribute, source in suggested.items()
        if fold(attribute) not in there
    ]
    if new:
        set_mappings(system, object_type, [*stored, *new], actor=actor)
    return [f"{object_type}.{row.attribute}" for row in new]
