"""Dynamic groups: who is in them follows every change of people within seconds.

A change is looked at for the people it can touch alone: the person, and, where a rule looks at managers, org units or
groups, those who have or are in what changed. A computed membership is a change, too, and reaches the rules that ask
for that group; such chains end, because rules never look at each other in a circle. A rule that was set or changed is
held against everybody. Dates and moments in rules are fixed ones.
"""

import logging
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from identities.actions.chunks import chunks
from identities.actions.memberships import SECOND_LOOK, compute_members
from identities.actors import rule_actor
from identities.consumers.deliveries import BATCH, Claims
from identities.errors import RuleViolation
from identities.models import ChangeEvent, Group, Membership, User
from identities.queries.dynamic_groups import Rule, dynamic_groups, readable_rules
from identities.vocabulary import Consumer, EventKind

logger = logging.getLogger(__name__)

_USER_EVENTS = frozenset(
    {EventKind.USER_CREATED, EventKind.USER_CHANGED, EventKind.USER_DELETED, EventKind.USER_RESTORED}
)
_GROUP_EVENTS = frozenset({EventKind.GROUP_DELETED, EventKind.GROUP_RESTORED})

_claims = Claims(Consumer.RULES)


def work() -> int:
    """Do all that is due, and what follows from it; return how many changes and rules that were."""
    changes, rules = drain(), compute_due()
    return changes + rules + (drain() if rules else 0)


def drain(limit: int = BATCH) -> int:
    """Apply every rule to the people whom the waiting changes can touch; return how many changes those were.

    A worker that dies before it is done leaves its claims, which the next one takes over when they run out: doing it
    twice does no harm. A rule that fails blocks no other and no change: it is held against everybody a little later.
    """
    mark, done = _claims.new_mark(), 0
    try:
        while deliveries := _claims.take(mark, limit):
            rules = readable_rules()
            people = sorted(touched([delivery.event for delivery in deliveries], rules))
            for some in chunks(people):
                if not _claims.prolong(deliveries, mark):
                    break  # another worker has taken over
                for rule in rules:
                    _apply(rule.group, rule.name, some)
            _claims.close(deliveries, mark)
            done += len(deliveries)
    except (OperationalError, InterfaceError):
        _claims.given_up.add(mark)
        raise
    return done


def compute_due() -> int:
    """Hold the rules that are due against everybody, each to its end; return how many those were.

    Two workers at it do not disturb each other, and one that dies leaves the rule due. Changes of people do not wait
    for the end of a large group.
    """
    due = list(dynamic_groups().filter(recompute_at__lte=timezone.now()).values_list("pk", "display_name"))
    for group, name in due:
        while _apply(group, name, None):
            drain()
    return len(due)


def touched(events: Iterable[ChangeEvent], rules: Sequence[Rule]) -> set[UUID]:
    """The people whom these events can make enter or leave one of the groups, in a constant number of statements."""
    by_kind: dict[str, list[ChangeEvent]] = {}
    for event in events:
        by_kind.setdefault(event.kind, []).append(event)

    def of(kinds: Iterable[EventKind]) -> list[ChangeEvent]:
        return [event for kind in kinds for event in by_kind.get(kind, ())]

    asked = frozenset[UUID]().union(*(rule.references.groups for rule in rules))
    people = _subjects(of(_USER_EVENTS))
    if any(rule.references.manager for rule in rules):
        people |= _people(manager__in=_subjects(of(_USER_EVENTS)))
    if any(rule.references.org_unit for rule in rules):
        people |= _people(org_unit__in=_subjects(of([EventKind.ORG_UNIT_CHANGED])))
    for event in of([EventKind.MEMBERSHIP_CHANGED]):
        if event.object_id in asked:
            named = (event.facts.get(name, ()) for name in ("added_users", "removed_users"))
            people |= {UUID(each) for some in named for each in some}
    if groups := _subjects(of(_GROUP_EVENTS)) & asked:
        members = Membership.objects.filter(group__in=groups, user__isnull=False)
        people |= set(members.values_list("user", flat=True))
    return people


def _apply(group: UUID, name: str, people: Sequence[UUID] | None) -> bool:
    """Compute one group; returns whether there is more of it."""
    try:
        return compute_members(group, actor=rule_actor(group, name), people=people)
    except (OperationalError, InterfaceError):
        raise  # our database did not do its part: whatever comes next would fare no better
    except RuleViolation as refusal:
        logger.error("The rule of the group %s cannot be read: %s", name, refusal.message)
    except Exception:
        logger.exception("The members of the dynamic group %s cannot be computed", name)
    Group.objects.filter(pk=group).update(recompute_at=timezone.now() + SECOND_LOOK)
    return False


def _subjects(events: Iterable[ChangeEvent]) -> set[UUID]:
    return {event.object_id for event in events}


def _people(**among: set[UUID]) -> set[UUID]:
    if not any(among.values()):
        return set()
    return set(User.objects.filter(**among).values_list("pk", flat=True))
