"""From change events to everybody whose account a change can touch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from identities.models import ChangeEvent, Membership, OrgUnit, User
from identities.queries.recursion import groups_above, groups_below, parents_above, units_below
from identities.vocabulary import EventKind

SEEN_OF_A_MANAGER = frozenset({"user_name", "display_name", "emails", "employee_number"})
"""What scopes and mappings of a report can see of their manager."""

SEEN_OF_A_GROUP = frozenset({"display_name"})
"""What scopes and mappings of a member can see of their group."""


@dataclass
class Affected:
    """Objects to converge.

    Attributes:
        bystanders: people who only refer to somebody that changed; there is no hurry with them.
        holding_groups: groups whose members changed or may have. holding_units: org units likewise, which matters where
            they are groups. Where nesting is not known, those above them hold the same people.
    """

    users: set[UUID] = field(default_factory=set)
    groups: set[UUID] = field(default_factory=set)
    units: set[UUID] = field(default_factory=set)
    bystanders: set[UUID] = field(default_factory=set)
    holding_groups: set[UUID] = field(default_factory=set)
    holding_units: set[UUID] = field(default_factory=set)

    @cached_property
    def groups_above(self) -> set[UUID]:
        """`holding_groups`, and every group that holds one of them, through nesting."""
        return groups_above(self.holding_groups)

    @cached_property
    def units_above(self) -> set[UUID]:
        """`holding_units`, and every org unit above one of them."""
        return set(parents_above(self.holding_units))


def expand(kind: EventKind, events: Sequence[ChangeEvent]) -> Affected:
    """Everybody whom these events of one kind can touch, in a constant number of statements."""
    affected = Affected()
    _EXPANSIONS[kind](events, affected)
    affected.bystanders -= affected.users
    return affected


def _user(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The user; their reports, where these see what changed; the groups and units they left or came to."""
    affected.users |= _subjects(events)
    affected.holding_groups |= _from_facts(events, "groups")
    affected.holding_units |= _units_of_people(events)
    seen = [event for event in events if event.kind != EventKind.USER_CHANGED or _touches(event, SEEN_OF_A_MANAGER)]
    reports = User.objects.filter(manager__in=_subjects(seen))
    affected.bystanders |= set(reports.values_list("pk", flat=True)) if seen else set()


def _group(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The group, and everybody in it, through nesting, where they see what changed."""
    affected.groups |= _subjects(events)
    seen = {event.object_id for event in events if _touches(event, SEEN_OF_A_GROUP)}
    affected.bystanders |= _users_below(seen)


def _group_gone_or_back(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The group, those it is a member of, and everybody below it: they may have been in a scope through it."""
    affected.groups |= _subjects(events)
    affected.holding_groups |= _from_facts(events, "parents")
    affected.users |= _users_below(_subjects(events))


def _membership(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The group, and whoever came or went, with everybody below a group that did."""
    affected.holding_groups |= _subjects(events)
    affected.users |= _from_facts(events, "added_users", "removed_users")
    affected.users |= _users_below(_from_facts(events, "added_groups", "removed_groups"))


def _org_unit(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The unit, whatever lies below it and sees it, and everybody in it or below."""
    units = units_below(_subjects(events))
    affected.units |= units
    affected.holding_units |= _parents(events)
    affected.users |= set(User.objects.filter(org_unit__in=units).values_list("pk", flat=True))


_EXPANSIONS: dict[EventKind, Callable[[Sequence[ChangeEvent], Affected], None]] = {
    EventKind.USER_CREATED: _user,
    EventKind.USER_CHANGED: _user,
    EventKind.USER_DELETED: _user,
    EventKind.USER_RESTORED: _user,
    EventKind.GROUP_CREATED: _group,
    EventKind.GROUP_CHANGED: _group,
    EventKind.GROUP_DELETED: _group_gone_or_back,
    EventKind.GROUP_RESTORED: _group_gone_or_back,
    EventKind.MEMBERSHIP_CHANGED: _membership,
    EventKind.ORG_UNIT_CHANGED: _org_unit,
}


def _subjects(events: Iterable[ChangeEvent]) -> set[UUID]:
    return {event.object_id for event in events}


def _from_facts(events: Iterable[ChangeEvent], *names: str) -> set[UUID]:
    return {UUID(each) for event in events for name in names for each in _listed(event.facts, name)}


def _listed(facts: dict[str, Any], name: str) -> list[str]:
    return facts.get(name) or []


def _touches(event: ChangeEvent, seen: frozenset[str]) -> bool:
    return not seen.isdisjoint(name.partition(".")[0] for name in event.attributes)


def _units_of_people(events: Sequence[ChangeEvent]) -> set[UUID]:
    """Where these people are and were, if that changed."""
    moved = [event for event in events if event.kind != EventKind.USER_CHANGED or "org_unit" in event.attributes]
    now = User.objects.get_queryset().filter(pk__in=_subjects(moved), org_unit__isnull=False)
    return _one_from_facts(moved, "org_unit") | (set(now.values_list("org_unit_id", flat=True)) if moved else set())


def _parents(events: Sequence[ChangeEvent]) -> set[UUID]:
    """Where these org units lie and lay; those that are gone lay there, too."""
    now = OrgUnit.objects.without_tree_fields().filter(pk__in=_subjects(events), parent__isnull=False)
    return _one_from_facts(events, "parent") | set(now.order_by().values_list("parent_id", flat=True))


def _one_from_facts(events: Iterable[ChangeEvent], name: str) -> set[UUID]:
    return {UUID(each) for event in events if (each := event.facts.get(name))}


def _users_below(groups: set[UUID]) -> set[UUID]:
    if not groups:
        return set()
    members = Membership.objects.filter(group__in=groups_below(groups), user__isnull=False)
    return set(members.values_list("user", flat=True))
