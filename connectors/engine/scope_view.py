"""Whether people and groups belong in a system, clause by clause: the rule of `scope`, in memory and explained."""

from collections.abc import Iterator

from connectors.engine.situation import ScopeClause, ScopeView
from connectors.engine.subjects import Subject
from connectors.models import ConnectedSystem
from connectors.spi import Misconfigured
from identities.errors import RuleViolation
from identities.filters.attributes import Resource
from identities.filters.match import Clause, explain
from identities.filters.parse import parse
from identities.filters.tree import Filter
from identities.vocabulary import ObjectType


class ScopeReader:
    """Evaluates the scope of one system for objects of one type.

    Raises:
        Misconfigured: the stored filter can no longer be read. Nobody is taken to be out of scope for that.
    """

    def __init__(self, system: ConnectedSystem, object_type: ObjectType) -> None:
        is_user = object_type is ObjectType.USER
        self._filter = _parsed(system.scope_filter if is_user else system.group_filter, "User" if is_user else "Group")
        self._everyone = "everybody" if is_user else "every group"
        self._groups = list(system.scope_groups.all()) if is_user else []
        self._units = list(system.scope_org_units.all()) if is_user else []
        self._is_provisioned = is_user or system.provisions_groups

    def of(self, subject: Subject) -> ScopeView:
        """The scope of a person or group; deleted ones are out of it."""
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


def _parsed(text: str, resource: Resource) -> Filter | None:
    try:
        return parse(text, resource) if text else None
    except RuleViolation as error:
        raise Misconfigured(f"The scope filter of the system cannot be read: {error.message}") from error


def _flat(clause: Clause, depth: int = 0) -> Iterator[ScopeClause]:
    yield ScopeClause(clause.text, clause.truth, depth)
    for child in clause.children:
        yield from _flat(child, depth + 1)
