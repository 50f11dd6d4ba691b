"""A whole system from one description, as a file gives it: made or changed until it is so, not touched when it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from connectors.actions.mappings import set_mappings
from connectors.actions.systems.settings import create_system, update_system
from connectors.models import ConnectedSystem
from connectors.vocabulary import SystemState
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import NotFound, RuleViolation
from identities.mapping import MappingRow
from identities.models import Group, OrgUnit
from identities.vocabulary import ObjectType


@dataclass(frozen=True, slots=True)
class Description:
    """What a system should be. What is None or not named stays as it is, or is the default of a new system.

    Attributes:
        settings: columns of the system by name. scope_groups: names of groups. scope_org_units: codes.
        mappings: all rows of each type of object that is named.
    """

    name: str
    connector: str
    configuration: Mapping[str, Any] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scope_groups: Sequence[str] | None = None
    scope_org_units: Sequence[str] | None = None
    mappings: Mapping[ObjectType, Sequence[MappingRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Connected:
    """What became of a description.

    Attributes:
        changed: the settings, and `mappings.<type>`, that differ now. needs_push: accounts have to follow.
    """

    system: ConnectedSystem
    created: bool
    changed: tuple[str, ...]
    needs_push: bool


@transaction.atomic
def connect_system(description: Description, *, actor: Actor) -> Connected:
    """Make the system of this name as described, paused, or change what differs; nothing is written when nothing does.

    Raises:
        RuleViolation, Conflict, NotFound: something of it does not fit (`field` names it); nothing is changed then.
    """
    system = ConnectedSystem.objects.select_for_update().filter(name_key=fold(description.name)).first()
    values = {**description.settings, **_assignments(description)}
    if system is None:
        created = create_system(
            actor=actor,
            name=description.name,
            connector=description.connector,
            configuration=description.configuration or {},
            secrets=description.secrets,
            **values,
        )
        changed = ("name", "connector", *_map(created, description, actor))
        return Connected(created, created=True, changed=changed, needs_push=False)
    return _changed(system, description, values, actor)


def _changed(system: ConnectedSystem, description: Description, values: dict[str, Any], actor: Actor) -> Connected:
    if system.connector != description.connector:
        raise RuleViolation(
            "other_connector",
            f"{system.name} is connected by {system.connector}; give it another name.",
            field="connector",
        )
    if system.state == SystemState.DELETING:
        raise RuleViolation("being_deleted", f"{system.name} is being deleted.", field="name")
    if description.configuration is not None:
        values["configuration"] = description.configuration
    if description.secrets:
        values["secrets"] = description.secrets
    result = update_system(system, actor=actor, changes=values)
    mapped = _map(system, description, actor)
    needs_push = result.needs_push or bool(mapped)
    return Connected(result.system, created=False, changed=(*result.changed, *mapped), needs_push=needs_push)


def _map(system: ConnectedSystem, description: Description, actor: Actor) -> list[str]:
    return [
        f"mappings.{object_type}"
        for object_type, rows in description.mappings.items()
        if set_mappings(system, object_type, rows, actor=actor)
    ]


def _assignments(description: Description) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if description.scope_groups is not None:
        found["scope_groups"] = [_present(Group, "display_name_key", name) for name in description.scope_groups]
    if description.scope_org_units is not None:
        found["scope_org_units"] = [_present(OrgUnit, "code_key", code) for code in description.scope_org_units]
    return found


def _present(model: Any, column: str, name: str) -> Any:
    found = model.objects.filter(**{column: fold(name)}).first()
    if found is None:
        word = model._meta.verbose_name
        raise NotFound("no_such_assignment", f"There is no {word} {name!r}.", field="scope")
    return found
