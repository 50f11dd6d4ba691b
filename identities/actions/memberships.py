"""Who is in which group. Set-based: no member list is ever read, changed and written back.

A membership is asserted by origins and lives until the last of them lets go. Every action locks the group's row, so
that parallel changes of one group follow each other and none is lost.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from identities import audit, outbox
from identities.actions.attempts import attempt
from identities.actions.chunks import chunks
from identities.actions.groups.writing import lock_group, lock_groups
from identities.actions.membership_rows import (
    Members,
    assert_memberships,
    asserted_by,
    find_members,
    named_members,
    remove_rows,
    withdraw_assertions,
)
from identities.actions.telling import tell_all
from identities.actors import ADMIN_ORIGIN, Actor
from identities.errors import NotPermitted, RuleViolation
from identities.models import Group, Membership, User
from identities.outbox import Announcement
from identities.queries.statements import Written
from identities.vocabulary import EventKind, GroupKind, ObjectType, Verb

Member = User | Group | UUID


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
    found = _static(held or lock_group(group))
    wanted = find_members(members, group=found)
    added, asserted = assert_memberships(found, wanted, actor.origin, ends_on)
    if added or asserted:
        _tell(found, Verb.GROUP_MEMBERS_ADDED, actor, added=added, also_asserted=asserted)
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
        all_origins: withdraw everybody's assertions: for administrators.
        held: the group, where the caller has locked and read it in this transaction.

    Returns:
        How many left.

    Raises:
        NotFound: `group_not_found`.
        NotPermitted: `administrators_only`.
        RuleViolation: `dynamic_group`.
    """
    if all_origins and actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("administrators_only", _("Only administrators may remove members whom others assert."))
    return attempt(partial(_remove, group, list(members), actor, held, all_origins=all_origins))


def _remove(
    group: Group | UUID, members: Sequence[Member], actor: Actor, held: Group | None, *, all_origins: bool
) -> int:
    found = _static(held or lock_group(group))
    named = named_members(members)
    removed, withdrawn = (
        (remove_rows(found, named), 0) if all_origins else withdraw_assertions(found, named, actor.origin)
    )
    if removed or withdrawn:
        _tell(found, Verb.GROUP_MEMBERS_REMOVED, actor, removed=removed, also_asserted=withdrawn)
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
    found = _static(held or lock_group(group))
    wanted = find_members(members, group=found)
    mine = asserted_by(found, actor.origin)
    removed, withdrawn = withdraw_assertions(found, mine.without(wanted), actor.origin)
    added, asserted = assert_memberships(found, wanted, actor.origin, None, only_missing=True)
    if added or removed or withdrawn or asserted:
        _tell(
            found,
            Verb.GROUP_MEMBERS_REPLACED,
            actor,
            added=added,
            removed=removed,
            also_asserted=withdrawn + asserted,
        )
    return MembershipDelta(len(added), len(removed))


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
                _tell(found, Verb.GROUP_MEMBERS_REMOVED, actor, removed=removed)
            ended += len(removed)
    return ended


def _static(found: Group) -> Group:
    """The group, if members may be written to it (raises RuleViolation)."""
    if found.kind == GroupKind.DYNAMIC:
        message = _("The members of a dynamic group follow from its filter.")
        raise RuleViolation("dynamic_group", message, field="members")
    return found


def _tell(
    group: Group,
    verb: Verb,
    actor: Actor,
    *,
    added: Members = Members(),  # noqa: B008  frozen and empty
    removed: Members = Members(),  # noqa: B008  frozen and empty
    also_asserted: int = 0,
) -> None:
    """Count the change on the group, which is locked, and write its audit entry and its events."""
    counted = [group] if added or removed else []
    for each in counted:
        each.membership_version += 1
    numbers = {"added": len(added), "removed": len(removed), "other_assertions": also_asserted}
    # The numbers are complete, the names bounded: an entry is read by people.
    changes = {"members": (_shown(removed), _shown(added))}
    tell_all(
        [audit.AuditRow(verb, group, changes, {name: many for name, many in numbers.items() if many})],
        [
            Announcement(
                EventKind.MEMBERSHIP_CHANGED,
                ObjectType.GROUP,
                group.pk,
                ("members",),
                facts,
                urgent=any(name.startswith("removed") for name in facts),
            )
            for facts in _facts(added, removed)
        ],
        actor=actor,
        written=[Written(counted, ("membership_version",))],
    )


def _shown(members: Members) -> list[str]:
    return [str(member) for member in members.all_ids()[: outbox.MEMBERS_PER_EVENT]]


def _facts(added: Members, removed: Members) -> list[dict[str, list[str]]]:
    """Who came and went, in parts of at most `MEMBERS_PER_EVENT`."""
    touched = [
        *(("removed_users", user) for user in removed.users),
        *(("removed_groups", each) for each in removed.groups),
        *(("added_users", user) for user in added.users),
        *(("added_groups", each) for each in added.groups),
    ]
    parts: list[dict[str, list[str]]] = []
    for some in chunks(touched, outbox.MEMBERS_PER_EVENT):
        part: dict[str, list[str]] = {}
        for name, member in some:
            part.setdefault(name, []).append(str(member))
        parts.append(part)
    return parts
