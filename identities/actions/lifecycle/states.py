"""Moving users between the states of the lifecycle."""

from collections.abc import Callable, Collection
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import one
from identities.actions.guards import check_lifecycle, check_superuser_stays
from identities.actions.lifecycle.batch import Step, Users, change_many
from identities.actions.user_changes import UserChange, present, suspended_among
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import User
from identities.rules.expiry import is_past
from identities.rules.transitions import check_transition
from identities.vocabulary import UserState, Verb


def activate_user(user: User | UUID, *, actor: Actor) -> User:
    """Make a staged or deprovisioned user active, before the start date too. Nothing happens if the user already is.

    Raises:
        NotFound; IllegalTransition; NotPermitted `lifecycle_owned` or `operator_protected`.
        RuleViolation: `end_date_passed`: the clock would deprovision the user again.
    """
    return one(activate_users_many([user], actor=actor))


def activate_users_many(users: Users, *, actor: Actor) -> list[User | IdentityError]:
    """`activate_user` for many, set-based; refusals stand in the place of the user."""

    def check(found: User, _locked: Collection[UUID]) -> None:
        if is_past(found.end_date, timezone.localdate()):
            message = _("The end date has passed. Change it first.")
            raise RuleViolation("end_date_passed", message, field="end_date")

    return _move(users, UserState.ACTIVE, Verb.USER_ACTIVATED, actor, check)


def deprovision_user(user: User | UUID, *, actor: Actor) -> User:
    """End a user's work here: accounts go. Sessions end at once. Nothing happens if the user already is deprovisioned.

    Raises:
        NotFound; IllegalTransition; RuleViolation `last_superuser`; NotPermitted `lifecycle_owned` or
        `operator_protected`.
    """
    return one(deprovision_users_many([user], actor=actor))


def deprovision_users_many(users: Users, *, actor: Actor) -> list[User | IdentityError]:
    """`deprovision_user` for many, set-based; refusals stand in the place of the user."""
    return _move(users, UserState.DEPROVISIONED, Verb.USER_DEPROVISIONED, actor, check_superuser_stays)


def _move(
    users: Users, state: UserState, verb: Verb, actor: Actor, check: Callable[[User, Collection[UUID]], None]
) -> list[User | IdentityError]:
    def prepare(locked: dict[UUID, User]) -> Step:
        suspended = suspended_among(list(locked))

        def step(change: UserChange) -> None:
            found = present(locked, change.user.pk)
            if found.state == state:
                return
            check_lifecycle(found.default_origin, actor)
            check_transition(UserState(found.state), state)
            check(found, locked)
            change.enter(state, suspended=found.pk in suspended)
            change.urgent = state == UserState.DEPROVISIONED

        return step

    return change_many(users, actor=actor, verb=verb, prepare=prepare)
