"""What a change of the org structure does to the connected systems: compared before it and while it stands."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.db.models import Count

from connectors.engine import scope
from connectors.models import ConnectedSystem, Link
from connectors.vocabulary import LinkState, OrgUnitProvisioning, SystemState
from identities.errors import IdentityError
from identities.models import OrgUnit, User
from identities.queries.org_tree import org_paths
from identities.vocabulary import ObjectType

CHUNK: Final = 2000
_ORG_UNIT: Final = re.compile(r"org_?unit", re.IGNORECASE)
# What mappings see of the way down to a person's unit, and not of that alone.
_WAY_DOWN: Final = re.compile(r"\b(path|codes)\b")
_Own = tuple[str, str]
_Way = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SystemChange:
    """What happens in one system.

    Attributes:
        accounts: of the people of the units. rewritten: how many of these stay and get other values, at most.
        entering, leaving: people, whatever their state.
        unreadable: the scope cannot be read, so nobody can say who enters or leaves.
        units: how many of the org units themselves are kept there, and so follow.
    """

    system: ConnectedSystem
    accounts: int
    rewritten: int
    entering: int
    leaving: int
    unreadable: bool
    units: int = 0

    @property
    def is_any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.accounts or self.entering or self.leaving or self.unreadable or self.units)


def watch(units: Collection[UUID]) -> Callable[[], list[SystemChange]]:
    """Look at the people in these units before the change.

    Returns:
        What says, called while the change stands, what it does to each system that notices.
    """
    people = User.objects.persons().filter(org_unit__in=units)
    ids = sorted(people.order_by().values_list("pk", flat=True))
    systems = list(
        ConnectedSystem.objects.exclude(state=SystemState.DELETING)
        .prefetch_related("mappings", "scope_groups", "scope_org_units")
        .order_by("name")
    )
    before = {system.pk: _in_scope(system, ids) for system in systems}
    return partial(_compared, systems, ids, _accounts(units), _descriptions(units), before)


def _compared(
    systems: list[ConnectedSystem],
    ids: list[UUID],
    accounts: Counter[tuple[UUID, UUID]],
    descriptions: dict[UUID, tuple[_Own, _Way]],
    before: dict[UUID, set[UUID] | None],
) -> list[SystemChange]:
    now = _descriptions(descriptions)
    own = {unit for unit, (its_own, _way) in descriptions.items() if unit not in now or now[unit][0] != its_own}
    way = {unit for unit, both in descriptions.items() if now.get(unit) != both}
    found = []
    units_kept = _units_kept(descriptions)
    for system in systems:
        was, will = before[system.pk], _in_scope(system, ids)
        entering, leaving = len((will or set()) - (was or set())), len((was or set()) - (will or set()))
        seen = _units_seen(system, own, way)
        rewritten = sum(accounts[system.pk, unit] for unit in seen)
        number = sum(count for (of_system, _unit), count in accounts.items() if of_system == system.pk)
        unreadable = was is None or will is None
        kept = units_kept[system.pk]
        found.append(SystemChange(system, number, max(rewritten - leaving, 0), entering, leaving, unreadable, kept))
    return [each for each in found if each.is_any]


def _in_scope(system: ConnectedSystem, ids: list[UUID]) -> set[UUID] | None:
    """Those of the people who belong in the system, as far as their org unit has to do with it; None where its filter
    cannot be read.
    """
    if not system.scope_org_units.all() and not _ORG_UNIT.search(system.scope_filter):
        return set()
    try:
        condition = scope.people_q(system)
    except IdentityError:
        return None
    return {
        pk for chunk in _chunks(ids) for pk in User.objects.filter(condition, pk__in=chunk).values_list("pk", flat=True)
    }


def _chunks(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _accounts(units: Collection[UUID]) -> Counter[tuple[UUID, UUID]]:
    """How many accounts there are, by system and unit."""
    links = Link.objects.filter(object_type=ObjectType.USER, user__org_unit__in=units).exclude(state=LinkState.REMOVED)
    counted = links.order_by().values_list("system_id", "user__org_unit_id").annotate(number=Count("pk"))
    return Counter({(system, unit): number for system, unit, number in counted})


def _units_kept(units: Collection[UUID]) -> Counter[UUID]:
    """How many of these units there are on each system, as OUs or as groups."""
    links = Link.objects.filter(object_type=ObjectType.ORG_UNIT, org_unit__in=units).exclude(state=LinkState.REMOVED)
    links = links.exclude(system__provisions_org_units=OrgUnitProvisioning.NONE)
    return Counter(dict(links.order_by().values_list("system_id").annotate(number=Count("pk"))))


def _descriptions(units: Collection[UUID]) -> dict[UUID, tuple[_Own, _Way]]:
    """What can be seen of these units from outside: of itself, and of the way down to it."""
    return {unit: (_seen(path[-1]), tuple(map(_seen, path))) for unit, path in org_paths(units).items()}


def _seen(unit: OrgUnit) -> _Own:
    return unit.name, unit.code


def _units_seen(system: ConnectedSystem, own: set[UUID], way: set[UUID]) -> set[UUID]:
    """The units whose people's values may change, by what the mappings read."""
    sources = [row.source for row in system.mappings.all() if _ORG_UNIT.search(row.source)]
    if not sources:
        return set()
    return way if any(_WAY_DOWN.search(source) for source in sources) else own
