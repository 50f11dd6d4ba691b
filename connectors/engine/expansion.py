"""From change events to everybody whose account a change can touch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identities.models import ChangeEvent, Membership, User
from identities.queries.recursion import groups_below, units_below
from identities.vocabulary import EventKind

SEEN_OF_A_MANAGER = frozenset({"user_name", "display_name", "emails", "employee_number"})
"""What scopes and mappings of a report can see of their manager."""

SEEN_OF_A_GROUP = frozenset({"display_name"})
"""What scopes and mappings of a member can see of their group."""


@dataclass(slots=True)
class Affected:
    """Objects to converge.

    `bystanders`: people who only refer to somebody that changed; there is no hurry with them.
    """

    users: set[UUID] = field(default_factory=set)
    groups: set[UUID] = field(default_factory=set)
    units: set[UUID] = field(default_factory=set)
    bystanders: set[UUID] = field(default_factory=set)


def expand(kind: EventKind, events: Sequence[ChangeEvent]) -> Affected:
    """Everybody whom these events of one kind can touch, in a constant number of statements."""
    affected = Affected()
    _EXPANSIONS[kind](events, affected)
    affected.bystanders -= affected.users
    return affected


def _user(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The user; their reports, where these see what changed; the groups they left or came back to."""
    affected.users |= _subjects(events)
    affected.groups |= _from_facts(events, "groups")
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
    affected.groups |= _subjects(events) | _from_facts(events, "parents")
    affected.users |= _users_below(_subjects(events))


def _membership(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The group, and whoever came or went, with everybody below a group that did."""
    affected.groups |= _subjects(events)
    affected.users |= _from_facts(events, "added_users", "removed_users")
    affected.users |= _users_below(_from_facts(events, "added_groups", "removed_groups"))


def _org_unit(events: Sequence[ChangeEvent], affected: Affected) -> None:
    """The unit, whatever lies below it and sees it, and everybody in it or below."""
    units = units_below(_subjects(events))
    affected.units |= units
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


def _users_below(groups: set[UUID]) -> set[UUID]:
    if not groups:
        return set()
    members = Membership.objects.filter(group__in=groups_below(groups), user__isnull=False)
    return set(members.values_list("user", flat=True))
