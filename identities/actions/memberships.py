"""Who is in which group. Set-based: no member list is ever read, changed and written back.

A membership is asserted by origins and lives until the last of them lets go. Every action locks the group's row, so
that parallel changes of one group follow each other and none is lost.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.attempts import attempt
from identities.actions.groups.writing import lock_group, lock_groups
from identities.actions.membership_rows import (
    Members,
    assert_memberships,
    asserted_by,
    check_static,
    find_members,
    named_members,
    remove_rows,
    withdraw_assertions,
    withdraw_others,
)
from identities.actions.membership_telling import tell_of_members
from identities.actors import ADMIN_ORIGIN, Actor, rule_origin
from identities.errors import NotPermitted
from identities.models import Group, Membership, User
from identities.queries.dynamic_groups import differing
from identities.vocabulary import GroupKind, Verb

Member = User | Group | UUID


# Members whom one transaction of a computation changes; what more there is comes in the next.
COMPUTED_AT_ONCE: Final = 1000
# A change that was under way when the rule was set may have been told to nobody: after a while everybody is looked at
# once more, and then now and again.
SECOND_LOOK: Final = timedelta(minutes=1)
NEXT_LOOK: Final = timedelta(hours=1)


class MembershipDelta(NamedTuple):
    """How many members came and went."""

    added: int
    removed: int


def add_members(
    group: Group | UUID,
    members: Iterable[Member] | Members,
    *,
    actor: Actor,
    ends_on: date | None = None,
    held: Group | None = None,
) -> int:
    """Assert, for the actor's origin, that these users and groups are members.

    Args:
        members: users and groups, as objects or ids; as `Members` if the caller knows that they are there.
        held: the group, where the caller has locked and read it in this transaction.
        ends_on: the last day of the membership.

    Returns:
        How many are members now that were not before.

    Raises:
        NotFound: `group_not_found`.
        RuleViolation: `unknown_member` (with `members`), `member_of_itself`, `dynamic_group`. Nothing is changed then.
    """
    return attempt(partial(_add, group, _kept(members), actor, ends_on, held))


def _kept(members: Iterable[Member] | Members) -> Sequence[Member] | Members:
    """The members, to be gone through more than once."""
    return members if isinstance(members, Members) else list(members)


def _add(
    group: Group | UUID,
    members: Sequence[Member] | Members,
    actor: Actor,
    ends_on: date | None,
    held: Group | None,
) -> int:
    found = held or lock_group(group)
    check_static(found)
    wanted = find_members(members, group=found)
    added, asserted = assert_memberships(found, wanted, actor.origin, ends_on)
    if added or asserted:
        tell_of_members(found, Verb.GROUP_MEMBERS_ADDED, actor, added=added, also_asserted=asserted)
    return len(added)


def remove_members(
    group: Group | UUID,
    members: Iterable[Member],
    *,
    actor: Actor,
    all_origins: bool = False,
    held: Group | None = None,
) -> int:
    """Withdraw the actor's assertion that these are members; those whom nobody asserts any more leave.

    Strangers are passed over.

    Args:
        all_origins: withdraw everybody's assertions: for administrators. What the rule of a dynamic group asserts
            stays.
        held: the group, where the caller has locked and read it in this transaction.

    Returns:
        How many left.

    Raises:
        NotFound: `group_not_found`.
        NotPermitted: `administrators_only`.
    """
    if all_origins and actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("administrators_only", _("Only administrators may remove members whom others assert."))
    return attempt(partial(_remove, group, list(members), actor, held, all_origins=all_origins))


def _remove(
    group: Group | UUID, members: Sequence[Member], actor: Actor, held: Group | None, *, all_origins: bool
) -> int:
    found = held or lock_group(group)
    named = named_members(members)
    if not all_origins:
        removed, withdrawn = withdraw_assertions(found, named, actor.origin)
    elif found.kind == GroupKind.DYNAMIC:
        removed, withdrawn = withdraw_others(found, named, rule_origin(found.pk))
    else:
        removed, withdrawn = remove_rows(found, named), 0
    if removed or withdrawn:
        tell_of_members(found, Verb.GROUP_MEMBERS_REMOVED, actor, removed=removed, also_asserted=withdrawn)
    return len(removed)


def replace_members(
    group: Group | UUID, members: Iterable[Member] | Members, *, actor: Actor, held: Group | None = None
) -> MembershipDelta:
    """Make these the members as far as the actor asserts them: others whom it asserts are withdrawn, missing ones
    added.

    Members who are there by somebody else's assertion stay, and are not asserted a second time.

    Args and Raises:
        as `add_members`.
    """
    return attempt(partial(_replace, group, _kept(members), actor, held))


def _replace(
    group: Group | UUID, members: Sequence[Member] | Members, actor: Actor, held: Group | None
) -> MembershipDelta:
    found = held or lock_group(group)
    check_static(found)
    wanted = find_members(members, group=found)
    mine = asserted_by(found, actor.origin)
    removed, withdrawn = withdraw_assertions(found, mine.without(wanted), actor.origin)
    added, asserted = assert_memberships(found, wanted, actor.origin, None, only_missing=True)
    if added or removed or withdrawn or asserted:
        tell_of_members(
            found,
            Verb.GROUP_MEMBERS_REPLACED,
            actor,
            added=added,
            removed=removed,
            also_asserted=withdrawn + asserted,
        )
    return MembershipDelta(len(added), len(removed))


def compute_members(group: UUID, *, actor: Actor, people: Collection[UUID] | None = None) -> bool:
    """Make what the rule of a dynamic group asserts agree with whom it lets in. What others assert stays.

    Everything is read while the group is locked: whoever computes it last has seen every change committed before.

    Args:
        actor: the rule (`actors.rule_actor`).
        people: whom to look at, at most `COMPUTED_AT_ONCE`; None for everybody.

    Returns:
        Whether there may be more to change: at most `COMPUTED_AT_ONCE` people are changed at once. Nothing is done
        for a group that is deleted or no longer dynamic.

    Raises:
        RuleViolation: `invalid_filter`: the rule can no longer be read.
    """
    return attempt(partial(_compute, group, actor, people))


def _compute(group: UUID, actor: Actor, people: Collection[UUID] | None) -> bool:
    found = lock_groups([group]).get(group)
    if found is None or found.deleted_at is not None or found.kind != GroupKind.DYNAMIC:
        return False
    entering, leaving = differing(group, found.filter_text, people, COMPUTED_AT_ONCE)
    more = len(entering) + len(leaving) == COMPUTED_AT_ONCE
    if people is None and not more:
        now = timezone.now()
        next_look = NEXT_LOOK if found.computed_at else SECOND_LOOK
        Group.objects.filter(pk=group).update(computed_at=now, recompute_at=now + next_look)
    if entering or leaving:
        removed, withdrawn = withdraw_assertions(found, Members(tuple(leaving)), actor.origin)
        added, asserted = assert_memberships(found, Members(tuple(entering)), actor.origin, None)
        tell_of_members(
            found,
            Verb.GROUP_MEMBERS_REPLACED,
            actor,
            added=added,
            removed=removed,
            also_asserted=withdrawn + asserted,
        )
    return more


def end_memberships(today: date, *, actor: Actor) -> int:
    """Remove the memberships whose last day is before `today`, one group at a time. Returns how many."""
    over = Membership.objects.filter(ends_on__lt=today)
    ended = 0
    for group in list(over.order_by("group_id").values_list("group_id", flat=True).distinct()):
        with transaction.atomic():
            found = lock_groups([group])[group]
            rows = over.filter(group=found).values_list("user_id", "member_group_id")
            removed = remove_rows(found, Members.of_rows(rows))
            if removed:
                tell_of_members(found, Verb.GROUP_MEMBERS_REMOVED, actor, removed=removed)
            ended += len(removed)
    return ended
