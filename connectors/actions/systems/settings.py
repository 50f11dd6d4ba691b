"""Making a connected system and changing what is set on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connectors import vault
from connectors.actions.systems.configuration import check_complete, prepare, same_values
from connectors.engine import gates
from connectors.models import ConnectedSystem, Link
from connectors.spi import ObjectClass
from connectors.vocabulary import OrgUnitProvisioning, SystemState, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, NotFound, RuleViolation
from identities.filters.parse import parse
from identities.models import Group, OrgUnit
from identities.vocabulary import ObjectType

WITHOUT_EFFECT_ON_ACCOUNTS = frozenset(
    {"name", "description", "slots", "removal_limit", "removal_limit_percent", "secrets"}
)
"""Settings whose change needs no push."""

PLAIN = (
    "name",
    "description",
    "scope_filter",
    "provisions_groups",
    "group_filter",
    "provisions_org_units",
    "adoption_policy",
    "correlation_attribute",
    "group_correlation_attribute",
    "marker_attribute",
    "when_inactive",
    "when_out_of_scope",
    "when_deleted",
    "when_gone",
    "slots",
    "removal_limit",
    "removal_limit_percent",
)
_ASSIGNED: dict[str, Any] = {"scope_groups": Group, "scope_org_units": OrgUnit}
Changes = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What an update came to.

    Attributes:
        changed: the settings that differ now; empty when everything was so already.
    """

    system: ConnectedSystem
    changed: tuple[str, ...]

    @property
    def needs_push(self) -> bool:
        """Whether accounts may have to follow, which a push does."""
        return not WITHOUT_EFFECT_ON_ACCOUNTS.issuperset(self.changed)


@transaction.atomic
def create_system(
    *,
    actor: Actor,
    connector: str,
    name: str,
    configuration: Mapping[str, Any],
    secrets: Mapping[str, str | None] | None = None,
    **values: Any,
) -> ConnectedSystem:
    """Connect a system, paused: nothing is written to it before it is resumed.

    Args:
        values: further settings by column (`PLAIN`), and `scope_groups`, `scope_org_units` as objects or ids.

    Raises:
        RuleViolation: a value does not fit (`field` names it). Conflict: the name is taken. NotFound: an assigned group
        or org unit is not there.
    """
    now = timezone.now()
    system = ConnectedSystem(connector=connector, state=SystemState.PAUSED, created_at=now, modified_at=now)
    prepared = prepare(system, configuration, secrets)
    system.configuration = prepared.values
    system.sealed_secrets = vault.seal(prepared.secrets, str(system.pk))
    assignments = {key: values.pop(key) for key in _ASSIGNED if key in values}
    _set_plain(system, {"name": name, **values})
    system.save(force_insert=True)
    _assign(system, assignments)
    audit.record(
        SystemVerb.SYSTEM_CREATED,
        system,
        actor=actor,
        connector=connector,
        configuration=prepared.values,
        secrets=list(prepared.secrets_changed),
    )
    return system


@transaction.atomic
def update_system(system: ConnectedSystem | UUID, *, actor: Actor, changes: Mapping[str, Any]) -> UpdateResult:
    """Change settings of a system; what is not named stays. Nothing is written when nothing differs.

    Changing the host drops the secrets that are not given anew. A new configuration or secret forgets what was held
    against the system, so that it is tried at once.

    Args:
        changes: columns of `PLAIN`, `scope_groups`, `scope_org_units`, `configuration` (whole), `secrets` (to be set).

    Raises:
        RuleViolation, Conflict, NotFound: as `create_system`; nothing is changed then.
    """
    locked = locked_system(system)
    wanted = dict(changes)
    found: Changes = {}
    if {"configuration", "secrets"} & set(wanted):
        found |= _configure(locked, wanted.pop("configuration", None), wanted.pop("secrets", None))
        if locked.state == SystemState.RUNNING:
            check_complete(locked)
    assignments = {key: wanted.pop(key) for key in _ASSIGNED if key in wanted}
    found |= _set_plain(locked, wanted)
    if "provisions_org_units" in found:
        _check_org_units_free(locked)
    found |= _assign(locked, assignments)
    if not found:
        return UpdateResult(locked, ())
    locked.version += 1
    locked.modified_at = timezone.now()
    locked.save()
    if {"configuration", "secrets"} & set(found):
        gates.reset(locked)
    audit.record(SystemVerb.SYSTEM_CHANGED, locked, actor=actor, changes=found)
    outbox.ring()
    return UpdateResult(locked, tuple(found))


def set_scope(
    system: ConnectedSystem | UUID,
    *,
    actor: Actor,
    scope_filter: str = "",
    groups: Iterable[Group | UUID] = (),
    org_units: Iterable[OrgUnit | UUID] = (),
) -> UpdateResult:
    """Say who belongs in the system (raises as `update_system`)."""
    changes = {"scope_filter": scope_filter, "scope_groups": list(groups), "scope_org_units": list(org_units)}
    return update_system(system, actor=actor, changes=changes)


def locked_system(system: ConnectedSystem | UUID) -> ConnectedSystem:
    """The system as it is now, locked until the transaction ends (raises NotFound)."""
    pk = system.pk if isinstance(system, ConnectedSystem) else system
    found = ConnectedSystem.objects.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound("no_such_system", "This system does not exist any more.")
    return found


def _configure(
    system: ConnectedSystem, configuration: Mapping[str, Any] | None, secrets: Mapping[str, str | None] | None
) -> Changes:
    prepared = prepare(system, configuration, secrets)
    found: Changes = {}
    if not same_values(system.connector, system.configuration, prepared.values):
        found["configuration"] = (system.configuration, prepared.values)
        system.configuration = prepared.values
        system.remote_schema = {}
    if prepared.secrets_changed:
        names = ", ".join(prepared.secrets_changed)
        found["secrets"] = (names, names)
        system.sealed_secrets = vault.seal(prepared.secrets, str(system.pk))
    return found


def _set_plain(system: ConnectedSystem, values: Mapping[str, Any]) -> Changes:
    unknown = sorted(set(values) - set(PLAIN))
    if unknown:
        raise RuleViolation("unknown_setting", f"A system has no setting {unknown[0]}.", field=unknown[0])
    found: Changes = {}
    for name, value in values.items():
        old = getattr(system, name)
        if old != value:
            setattr(system, name, value)
            found[name] = (old, value)
    if system.provisions_org_units != OrgUnitProvisioning.NONE:
        are_groups = system.provisions_org_units == OrgUnitProvisioning.GROUPS
        system.org_unit_class = ObjectClass.GROUP if are_groups else ObjectClass.ORG_UNIT
    _check_filters(system, found)
    _check_fields(system)
    return found


def _check_filters(system: ConnectedSystem, found: Changes) -> None:
    for name, resource in (("scope_filter", "User"), ("group_filter", "Group")):
        text = getattr(system, name)
        if name in found and text:
            try:
                parse(text, resource)  # type: ignore[arg-type]  # one of the two literals
            except RuleViolation as refusal:
                raise RuleViolation(refusal.code, refusal.message, field=name, **refusal.facts) from refusal


def _check_org_units_free(system: ConnectedSystem) -> None:
    """Refuse to hold org units as something else while some are there as what they were: that would be nobody's then.

    Stopping to provision them takes nothing away, so that is always possible. What is only remembered is forgotten.
    """
    if system.provisions_org_units == OrgUnitProvisioning.NONE:
        return
    units = Link.objects.filter(system=system, object_type=ObjectType.ORG_UNIT)
    held_otherwise = units.exclude(object_class=system.object_class_of(ObjectType.ORG_UNIT))
    there = held_otherwise.filter(Q(remote_id__isnull=False) | ~Q(create_intent_key="")).count()
    if there:
        message = (
            f"{there} org units are still linked to what {system.name} held them as. Unlink them first (what is there"
            " stays), or connect the system a second time."
        )
        raise RuleViolation("org_units_linked", message, field="provisions_org_units", linked=there)
    held_otherwise.delete()


def _check_fields(system: ConnectedSystem) -> None:
    try:
        system.clean_fields(exclude=("sealed_secrets", "configuration", "remote_schema"))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise RuleViolation("invalid_setting", " ".join(messages), field=name) from error
    taken = ConnectedSystem.objects.filter(name_key=fold(system.name)).exclude(pk=system.pk).first()
    if taken is not None:
        raise Conflict("system_name_taken", f"There is a system called {taken.name} already.", field="name")


def _assign(system: ConnectedSystem, assignments: Mapping[str, Iterable[Any]]) -> Changes:
    found: Changes = {}
    for name, objects in assignments.items():
        wanted = {each if isinstance(each, UUID) else each.pk for each in objects}
        related = getattr(system, name)
        there = set(related.values_list("pk", flat=True))
        if wanted == there:
            continue
        if _ASSIGNED[name].objects.filter(pk__in=wanted, deleted_at__isnull=True).count() != len(wanted):
            raise NotFound("no_such_assignment", "One of the assigned groups or org units does not exist.", field=name)
        related.set(wanted)
        found[name] = (sorted(map(str, there)), sorted(map(str, wanted)))
    return found
