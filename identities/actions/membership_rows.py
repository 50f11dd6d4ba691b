"""The rows behind memberships: finding, asserting, withdrawing, a constant number of statements for each chunk of
members.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.chunks import chunks
from identities.errors import RuleViolation
from identities.models import Group, Membership, MembershipOrigin, User
from identities.queries.statements import insert_memberships
from identities.vocabulary import GroupKind, UserKind


@dataclass(frozen=True, slots=True)
class Members:
    """Users and groups, by id, each once and in order."""

    users: tuple[UUID, ...] = ()
    groups: tuple[UUID, ...] = ()

    def __len__(self) -> int:
        return len(self.users) + len(self.groups)

    def all_ids(self) -> tuple[UUID, ...]:
        """Users, then groups."""
        return (*self.users, *self.groups)

    def without(self, others: "Members") -> "Members":
        """Those of these who are not among the others."""
        users, groups = set(others.users), set(others.groups)
        return Members(
            tuple(user for user in self.users if user not in users),
            tuple(group for group in self.groups if group not in groups),
        )

    @staticmethod
    def of_rows(rows: Iterable[tuple[UUID | None, UUID | None]]) -> "Members":
        """From the `user_id` and `member_group_id` of memberships."""
        pairs = list(rows)
        return Members(
            tuple(user for user, _group in pairs if user is not None),
            tuple(group for _user, group in pairs if group is not None),
        )


def named_members(members: Iterable[User | Group | UUID]) -> Members:
    """The ids meant, whether or not they exist: a bare id may be a user's or a group's and stands among both."""
    users: dict[UUID, None] = {}
    groups: dict[UUID, None] = {}
    for member in members:
        if not isinstance(member, Group):
            users[member.pk if isinstance(member, User) else member] = None
        if not isinstance(member, User):
            groups[member.pk if isinstance(member, Group) else member] = None
    return Members(tuple(users), tuple(groups))


def find_members(members: "Iterable[User | Group | UUID] | Members", *, group: Group) -> Members:
    """The users and groups meant, who must exist and not be deleted; administrators are never members. Whoever comes as
    `Members` has been looked up by the caller in this transaction.

    Raises:
        RuleViolation: `unknown_member`, with the ids in `members`; `member_of_itself`.
    """
    if isinstance(members, Members):
        _refuse_itself(group, members.groups)
        return members
    named = named_members(members)
    users = _present(User.objects.present().exclude(kind=UserKind.OPERATOR), named.users)
    groups = _present(Group.objects.filter(deleted_at=None), named.groups)
    found = Members(tuple(u for u in named.users if u in users), tuple(g for g in named.groups if g in groups))
    missing = [each for each in dict.fromkeys(named.all_ids()) if each not in users and each not in groups]
    if missing:
        message = _("%(number)d of the members do not exist.") % {"number": len(missing)}
        raise RuleViolation("unknown_member", message, field="members", members=[str(each) for each in missing])
    _refuse_itself(group, groups)
    return found


def _refuse_itself(group: Group, groups: Collection[UUID]) -> None:
    if group.pk in groups:
        raise RuleViolation("member_of_itself", _("A group cannot be a member of itself."), field="members")


def check_static(group: Group) -> None:
    """Refuse to assert members of a group whose rule does (raises RuleViolation, code `dynamic_group`)."""
    if group.kind == GroupKind.DYNAMIC:
        message = _("The members of a dynamic group follow from its rule.")
        raise RuleViolation("dynamic_group", message, field="members")


def asserted_by(group: Group, origin: str) -> Members:
    """The members whom this origin asserts."""
    rows = Membership.objects.filter(group=group, origins__origin=origin).order_by("pk")
    return Members.of_rows(rows.values_list("user_id", "member_group_id"))


def assert_memberships(
    group: Group, wanted: Members, origin: str, ends_on: date | None, *, only_missing: bool = False
) -> tuple[Members, int]:
    """Make the wanted ones members, asserted by this origin (`only_missing`: leave those alone who are members
    already).

    Returns:
        Who was no member before, and how many who were are now asserted by this origin too, or end on another day.
    """
    added: list[UUID | None] = []
    added_groups: list[UUID | None] = []
    asserted = 0
    for column, ids, came in (("user_id", wanted.users, added), ("member_group_id", wanted.groups, added_groups)):
        for some in chunks(ids):
            new, more = _assert_chunk(group, column, some, origin, ends_on, only_missing=only_missing)
            came += new
            asserted += more
    return Members(tuple(filter(None, added)), tuple(filter(None, added_groups))), asserted


def withdraw_assertions(group: Group, members: Members, origin: str) -> tuple[Members, int]:
    """Withdraw this origin's assertions.

    Returns:
        Who is no member any more, and how many stay because others assert them.
    """
    return _withdraw(group, members, Q(origin=origin))


def withdraw_others(group: Group, members: Members, origin: str) -> tuple[Members, int]:
    """Withdraw everybody's assertions but this origin's; returns as `withdraw_assertions`."""
    return _withdraw(group, members, ~Q(origin=origin))


def _withdraw(group: Group, members: Members, whose: Q) -> tuple[Members, int]:
    left: list[tuple[UUID | None, UUID | None]] = []
    stayed = 0
    for rows in _row_chunks(group, members):
        asserted = MembershipOrigin.objects.filter(whose, membership__in=rows)
        mine = sorted(set(asserted.values_list("membership_id", flat=True)))
        MembershipOrigin.objects.filter(whose, membership__in=mine).delete()
        orphaned = Membership.objects.filter(pk__in=mine, origins=None)
        gone = list(orphaned.values_list("pk", "user_id", "member_group_id"))
        Membership.objects.filter(pk__in=[pk for pk, *_who in gone]).delete()
        left += [(user, member) for _pk, user, member in gone]
        stayed += len(mine) - len(gone)
    return Members.of_rows(left), stayed


def remove_rows(group: Group, members: Members) -> Members:
    """End these memberships whoever asserts them. Returns who was a member."""
    left: list[tuple[UUID | None, UUID | None]] = []
    for rows in _row_chunks(group, members):
        gone = list(rows.values_list("pk", "user_id", "member_group_id"))
        Membership.objects.filter(pk__in=[pk for pk, *_who in gone]).delete()
        left += [(user, member) for _pk, user, member in gone]
    return Members.of_rows(left)


def _assert_chunk(
    group: Group, column: str, ids: Sequence[UUID], origin: str, ends_on: date | None, *, only_missing: bool
) -> tuple[list[UUID], int]:
    if connection.vendor == "postgresql":
        made_at_once = insert_memberships(group.pk, column, ids, origin, ends_on)
        new = [each for each in ids if each in made_at_once]
        if len(new) == len(ids):
            return new, 0
        old = [each for each in ids if each not in made_at_once]
        return new, _assert_rows(group, column, old, origin, ends_on, only_missing=only_missing)[1]
    return _assert_rows(group, column, ids, origin, ends_on, only_missing=only_missing)


def _assert_rows(
    group: Group, column: str, ids: Sequence[UUID], origin: str, ends_on: date | None, *, only_missing: bool
) -> tuple[list[UUID], int]:
    rows = Membership.objects.filter(group=group, **{f"{column}__in": ids})
    there = {getattr(row, column): row for row in rows}
    missing = [each for each in ids if each not in there]
    now = timezone.now()
    made = Membership.objects.bulk_create(
        Membership(group=group, ends_on=ends_on, created_at=now, **{column: each}) for each in missing
    )
    old = [] if only_missing else list(there.values())
    mine = set(
        MembershipOrigin.objects.filter(membership__in=[row.pk for row in old], origin=origin).values_list(
            "membership_id", flat=True
        )
        if old
        else ()
    )
    fresh = [row for row in old if row.pk not in mine]
    MembershipOrigin.objects.bulk_create(MembershipOrigin(membership=row, origin=origin) for row in [*made, *fresh])
    moved = _change_end(old, {row.pk for row in fresh}, ends_on)
    return missing, len({row.pk for row in fresh} | moved)


def _change_end(rows: Sequence[Membership], fresh: set[int], ends_on: date | None) -> set[int]:
    """Let memberships end when the newest word says.

    Somebody new who names no end takes the end away; saying it again changes nothing.
    """
    moved = {row.pk for row in rows if row.ends_on != ends_on and (ends_on is not None or row.pk in fresh)}
    if moved:
        Membership.objects.filter(pk__in=moved).update(ends_on=ends_on)
    return moved


def _row_chunks(group: Group, members: Members) -> Iterable["QuerySet[Membership]"]:
    rows = Membership.objects.filter(group=group)
    for some in chunks(members.users):
        yield rows.filter(user_id__in=some)
    for some in chunks(members.groups):
        yield rows.filter(member_group_id__in=some)


def _present(objects: "QuerySet[Any]", ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for some in chunks(ids):
        found.update(objects.filter(pk__in=some).values_list("pk", flat=True))
    return found
