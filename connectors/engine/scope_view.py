"""Whether people, groups and org units belong in a system, clause by clause: the rule of `scope`, in memory and
explained.
"""

from collections.abc import Collection, Iterator
from uuid import UUID

from connectors.engine.situation import ScopeClause, ScopeView
from connectors.engine.subjects import Subject
from connectors.models import ConnectedSystem
from connectors.spi import Misconfigured
from connectors.vocabulary import OrgUnitProvisioning
from identities.errors import RuleViolation
from identities.filters.attributes import Resource
from identities.filters.match import Clause, explain
from identities.filters.parse import parse
from identities.filters.tree import Filter
from identities.models import OrgUnit
from identities.queries.recursion import parents_above
from identities.vocabulary import ObjectType


class ScopeReader:
    """Evaluates the scope of one system for objects of one type.

    Raises:
        Misconfigured: the stored filter can no longer be read. Nobody is taken to be out of scope for that.
    """

    def __init__(self, system: ConnectedSystem, object_type: ObjectType) -> None:
        is_user, is_unit = object_type is ObjectType.USER, object_type is ObjectType.ORG_UNIT
        filters: dict[ObjectType, tuple[str, Resource]] = {
            ObjectType.USER: (system.scope_filter, "User"),
            ObjectType.GROUP: (system.group_filter, "Group"),
        }
        self._filter = _parsed(*filters.get(object_type, ("", "OrgUnit")))
        self._everyone = _EVERYONE[object_type]
        self._groups = list(system.scope_groups.all()) if is_user else []
        self._units = list(system.scope_org_units.all()) if is_user or is_unit else []
        if is_unit and self._units and system.scope_groups.all():
            self._units = []  # people may be anywhere
        are_places = is_unit and system.provisions_org_units == OrgUnitProvisioning.UNITS
        self._above = _above(self._units) if are_places else frozenset()
        self._is_provisioned = {
            ObjectType.USER: True,
            ObjectType.GROUP: system.provisions_groups,
            ObjectType.ORG_UNIT: system.provisions_org_units != OrgUnitProvisioning.NONE,
        }[object_type]

    def of(self, subject: Subject) -> ScopeView:
        """The scope of an object; deleted ones are out of it."""
        holds, clauses = self._by_filter(subject)
        if not subject.is_person:
            clauses.insert(0, ScopeClause("is a person", holds=False))
        assigned = [*self._by_group(subject), *self._by_unit(subject)]
        is_assigned = not assigned or any(clause.holds for clause in assigned)
        is_candidate = subject.is_person and not subject.deleted and self._is_provisioned
        return ScopeView(is_candidate and holds and is_assigned, (*clauses, *assigned))

    def _by_filter(self, subject: Subject) -> tuple[bool, list[ScopeClause]]:
        if self._filter is None:
            return True, [ScopeClause(f"the filter is empty: {self._everyone}", holds=True)]
        clause = explain(self._filter, subject.document)
        return clause.truth is True, list(_flat(clause))

    def _by_group(self, subject: Subject) -> Iterator[ScopeClause]:
        for group in self._groups:
            is_member = group.deleted_at is None and group.pk in subject.groups
            yield ScopeClause(f"is in the group {group.display_name}", is_member)

    def _by_unit(self, subject: Subject) -> Iterator[ScopeClause]:
        for unit in self._units:
            is_below = unit.deleted_at is None and unit.pk in subject.units
            yield ScopeClause(f"is in the org unit {unit.name} or below", is_below)
        if self._above:
            yield ScopeClause("is above an assigned org unit", subject.id in self._above)


_EVERYONE = {
    ObjectType.USER: "everybody",
    ObjectType.GROUP: "every group",
    ObjectType.ORG_UNIT: "every org unit",
}


def _above(units: Collection[OrgUnit]) -> frozenset[UUID]:
    return frozenset(parents_above({unit.pk for unit in units if unit.deleted_at is None}))


def _parsed(text: str, resource: Resource) -> Filter | None:
    try:
        return parse(text, resource) if text else None
    except RuleViolation as error:
        raise Misconfigured(f"The scope filter of the system cannot be read: {error.message}") from error


def _flat(clause: Clause, depth: int = 0) -> Iterator[ScopeClause]:
    yield ScopeClause(clause.text, clause.truth, depth)
    for child in clause.children:
        yield from _flat(child, depth + 1)
