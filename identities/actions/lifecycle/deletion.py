"""Deleting and restoring users.

A deleted user keeps id, values and memberships until purged, and gives up the user name.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.batches import one
from identities.actions.guards import check_lifecycle, check_superuser_stays
from identities.actions.lifecycle.batch import Step, Users, change_many
from identities.actions.user_changes import Held, UserChange, suspended_among
from identities.actions.users.create import name_taken
from identities.actions.users.lookups import read_definitions
from identities.actions.users.unique_values import claim_unique, read_holders
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import IdentityError, RuleViolation
from identities.models import Group, Membership, User
from identities.queries.compiled import Among, Compiled, Several
from identities.vocabulary import EventKind, UserState, Verb


def delete_user(user: User | UUID, *, actor: Actor, held: Held | None = None) -> User:
    """Delete a user, restorably.

    Sessions end at once; the user name is free again. Nothing happens if the user is deleted already.

    Args:
        held: the user, where the caller holds it already.

    Raises:
        NotFound; RuleViolation `last_superuser`; NotPermitted `lifecycle_owned` or `operator_protected`.
    """
    return one(delete_users_many([user], actor=actor, held=held))


def delete_users_many(users: Users, *, actor: Actor, held: Held | None = None) -> list[User | IdentityError]:
    """`delete_user` for many, set-based; refusals stand in the place of the user."""

    def prepare(locked: dict[UUID, User]) -> Step:
        groups = _groups_of(list(locked))

        def step(change: UserChange) -> None:
            user = change.user
            if user.deleted_at is not None:
                return
            check_lifecycle(user.default_origin, actor)
            check_superuser_stays(user, locked)
            was_active = user.active
            change.put("deleted_at", timezone.now())
            change.settle_active(suspended=False)
            if not was_active:
                change.end_sessions()
            change.facts = _place(user, groups)
            change.urgent = True

        return step

    return change_many(
        users,
        actor=actor,
        verb=Verb.USER_DELETED,
        prepare=prepare,
        also=_members_changed,
        event=EventKind.USER_DELETED,
        held=held,
    )


def restore_user(user: User | UUID, *, actor: Actor) -> User:
    """Bring a deleted user back with values, state, suspensions and memberships.

    Nothing happens if the user is not deleted.

    Raises:
        NotFound; NotPermitted `lifecycle_owned` or `operator_protected`.
        Conflict: `user_name_taken`, `value_taken`: somebody has the name, or a value that is unique, now.
        RuleViolation: `user_purged`.
    """
    return one(restore_users_many([user], actor=actor))


def restore_users_many(users: Users, *, actor: Actor) -> list[User | IdentityError]:
    """`restore_user` for many, set-based; refusals stand in the place of the user."""

    def prepare(locked: dict[UUID, User]) -> Step:
        suspended = suspended_among(list(locked))
        groups = _groups_of(list(locked))
        taken = _taken_among(locked.values())
        definitions = read_definitions().values()
        holders = read_holders(definitions, [_custom(user) for user in locked.values() if user.deleted_at])

        def step(change: UserChange) -> None:
            user = change.user
            if user.deleted_at is None:
                return
            check_lifecycle(user.default_origin, actor)
            if user.state == UserState.PURGED:
                raise RuleViolation("user_purged", _("A purged user cannot be restored."))
            if fold(user.user_name) in taken:
                raise name_taken(user.user_name)
            claim_unique(user, _custom(user), holders, definitions)
            taken.add(fold(user.user_name))
            change.put("deleted_at", None)
            change.settle_active(suspended=user.pk in suspended)
            change.facts = _place(user, groups)

        return step

    return change_many(
        users,
        actor=actor,
        verb=Verb.USER_RESTORED,
        prepare=prepare,
        also=_members_changed,
        event=EventKind.USER_RESTORED,
    )


def _custom(user: User) -> dict[str, object]:
    return {f"custom.{name}": value for name, value in user.custom.items()}


def _taken_among(users: Iterable[User]) -> set[str]:
    """Which of the names of these users somebody has now, folded."""
    names = [fold(user.user_name) for user in users]
    return set(User.objects.filter(user_name_key__in=names).values_list("user_name_key", flat=True))


def _groups_of(users: Sequence[UUID]) -> dict[UUID, list[str]]:
    groups: dict[UUID, list[str]] = {user: [] for user in users}
    for user, group in _memberships().rows(users=list(users)):
        groups[user].append(str(group))
    return groups


@cache
def _memberships() -> Compiled:
    among = Several()
    rows = Membership.objects.filter(Among("user_id", among)).order_by()
    return Compiled(rows.values_list("user_id", "group_id"), {"users": among})


def _place(user: User, groups: dict[UUID, list[str]]) -> dict[str, object]:
    place = {"org_unit": user.org_unit_id, "manager": user.manager_id, "groups": groups[user.pk]}
    return {name: audit.plain(value) for name, value in place.items() if value}


def _members_changed(changes: Sequence[UserChange]) -> None:
    """Groups show other members now, though no membership was written."""
    groups = {group for change in changes for group in change.facts.get("groups", ())}
    if groups:
        # In the order of their ids: two deletions that touch the same groups must not wait for each other.
        locked = (
            Group.objects.select_for_update(no_key=True)
            .filter(pk__in=groups)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        Group.objects.filter(pk__in=list(locked)).update(membership_version=F("membership_version") + 1)
