"""What a batch of changes needs to know about other rows, read in a constant number of statements."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from identities.actions.chunks import chunks
from identities.actions.users.unique_values import Holders, read_holders
from identities.errors import RuleViolation
from identities.models import AttributeDefinition, OrgUnit, User
from identities.queries.compiled import Among, Compiled, Several
from identities.queries.recursion import managers_above
from identities.rules.attributes import MANAGER, ORG_UNIT, REFERENCES, USER_NAME, check_single_valued, custom_name
from identities.rules.naming import keys_of
from identities.rules.values import CustomAttribute, clean_custom, clean_single, definition_of
from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness


@dataclass(slots=True)
class Lookups:
    """Answers for one chunk. Names and managers are kept up to date as the chunk's own rows are decided."""

    definitions: Mapping[str, CustomAttribute] = field(default_factory=dict)
    name_holders: dict[str, UUID] = field(default_factory=dict)
    people: frozenset[UUID] = frozenset()
    org_units: frozenset[UUID] = frozenset()
    managers: dict[UUID, UUID | None] = field(default_factory=dict)
    holders: Holders = field(default_factory=dict)


def read_lookups(value_sets: Iterable[Mapping[str, Any]], *, creating: bool = False) -> Lookups:
    """Read what these changes refer to; only what they speak of is looked up."""
    sets = list(value_sets)
    managers, units = _referred(MANAGER, sets), _referred(ORG_UNIT, sets)
    names = keys_of(values.get(USER_NAME) for values in sets)
    speaks_of_custom = creating or any(custom_name(name) for values in sets for name in values)
    above = managers_above(managers) if managers else {}
    definitions = read_definitions() if speaks_of_custom else {}
    return Lookups(
        definitions=definitions,
        name_holders=_name_holders(names),
        people=frozenset(above) & managers,
        org_units=present_org_units(units),
        managers=above,
        holders=read_holders(definitions.values(), sets),
    )


def reference(attribute: str, value: Any) -> UUID | None:
    """The id that a reference means: given as an object, an id, or its text; None if empty. Raises RuleViolation."""
    if value is None or value == "":
        return None
    value = getattr(value, "pk", value)
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise RuleViolation(f"unknown_{attribute}", f"{value} is not an id.", field=attribute) from None


def clean_values(values: Mapping[str, Any], lookups: Lookups) -> dict[str, Any]:
    """The values as they are stored, custom attributes under the name they are declared with, references as ids.

    Raises RuleViolation.
    """
    cleaned: dict[str, Any] = {}
    for attribute, value in values.items():
        check_single_valued(attribute)
        custom = custom_name(attribute)
        if custom:
            definition = definition_of(custom, lookups.definitions)
            cleaned[f"custom.{definition.name}"] = clean_custom(definition, value)
        elif attribute in REFERENCES:
            cleaned[attribute] = _known_reference(attribute, value, lookups)
        else:
            cleaned[attribute] = clean_single(attribute, value)
    return cleaned


def _known_reference(attribute: str, value: Any, lookups: Lookups) -> UUID | None:
    found = reference(attribute, value)
    known = lookups.people if attribute == MANAGER else lookups.org_units
    if found is not None and found not in known:
        raise RuleViolation(f"unknown_{attribute}", f"There is no {attribute} {found}.", field=attribute)
    return found


def read_definitions() -> dict[str, CustomAttribute]:
    """The custom attributes that are declared, by their names in lower case."""
    return {
        name.lower(): CustomAttribute(
            name,
            AttributeKind(kind),
            multi_valued,
            required,
            AttributeMutability(mutability),
            uniqueness == AttributeUniqueness.SERVER,
        )
        for name, kind, multi_valued, required, mutability, uniqueness in _definitions().rows()
    }


@cache
def _definitions() -> Compiled:
    columns = ("name", "kind", "multi_valued", "required", "mutability", "uniqueness")
    return Compiled(AttributeDefinition.objects.values_list(*columns))


def _name_holders(names: set[str]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for some in chunks(sorted(names)):
        found.update(_users_by_name().rows(names=list(some)))
    return found


@cache
def _users_by_name() -> Compiled:
    among = Several()
    users = User.objects.filter(Among("user_name_key", among, "text")).order_by()
    return Compiled(users.values_list("user_name_key", "pk"), {"names": among})


def _referred(attribute: str, sets: Iterable[Mapping[str, Any]]) -> set[UUID]:
    """The ids that are referred to; what is none is refused with its row, not with all of them."""
    found: set[UUID] = set()
    for values in sets:
        with suppress(RuleViolation):
            found |= {each for each in (reference(attribute, values.get(attribute)),) if each}
    return found


def present_org_units(units: Collection[UUID]) -> frozenset[UUID]:
    """Those of these org units that are not deleted."""
    if not units:
        return frozenset()
    return frozenset(OrgUnit.objects.filter(pk__in=units, deleted_at=None).values_list("pk", flat=True))
