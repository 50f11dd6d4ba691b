"""Suspensions: assertions by origin. A user is active only when nobody asserts one, and each origin lifts its own."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import one
from identities.actions.guards import check_superuser_stays
from identities.actions.lifecycle.batch import Step, Users, change_many
from identities.actions.user_changes import Held, UserChange, present
from identities.actors import ADMIN_ORIGIN, Actor
from identities.errors import IdentityError, NotPermitted
from identities.models import Suspension, User
from identities.vocabulary import Verb


def suspend_user(user: User | UUID, *, actor: Actor, reason: str = "", held: Held | None = None) -> User:
    """Assert, for the actor's origin, that the user is suspended.

    Sessions end at once. Nothing happens if the origin already does.

    Args:
        held: the user, where the caller holds it already.

    Raises:
        NotFound; RuleViolation `last_superuser`; NotPermitted `operator_protected`.
    """
    return one(suspend_users_many([user], actor=actor, reason=reason, held=held))


def suspend_users_many(
    users: Users, *, actor: Actor, reason: str = "", held: Held | None = None
) -> list[User | IdentityError]:
    """`suspend_user` for many, set-based; refusals stand in the place of the user."""
    actor = actor.because(reason or actor.reason)

    def prepare(locked: dict[UUID, User]) -> Step:
        mine = set(Suspension.objects.filter(user_id__in=locked, origin=actor.origin).values_list("user_id", flat=True))

        def step(change: UserChange) -> None:
            user = present(locked, change.user.pk)
            if user.pk not in mine:
                check_superuser_stays(user, locked)
                change.differences["suspensions"] = (None, actor.origin)
                change.settle_active(suspended=True)

        return step

    def assert_them(changes: Sequence[UserChange]) -> None:
        now = timezone.now()
        Suspension.objects.bulk_create(
            Suspension(user=change.user, origin=actor.origin, reason=actor.reason[:255], since=now)
            for change in changes
        )

    return change_many(users, actor=actor, verb=Verb.USER_SUSPENDED, prepare=prepare, also=assert_them, held=held)


def lift_suspension(
    user: User | UUID,
    *,
    actor: Actor,
    origin: str | None = None,
    all_origins: bool = False,
    held: Held | None = None,
) -> User:
    """Withdraw the suspension of the actor's origin.

    The user is active again if nobody else asserts one and the state allows it.

    Args:
        origin: whose suspension to lift, if not the actor's own: for administrators.
        all_origins: lift everybody's: for administrators.
        held: the user, where the caller holds it already.

    Raises:
        NotFound; NotPermitted `suspension_of_another` or `operator_protected`.
    """
    return one(lift_suspensions_many([user], actor=actor, origin=origin, all_origins=all_origins, held=held))


def lift_suspensions_many(
    users: Users,
    *,
    actor: Actor,
    origin: str | None = None,
    all_origins: bool = False,
    held: Held | None = None,
) -> list[User | IdentityError]:
    """`lift_suspension` for many, set-based; refusals stand in the place of the user."""
    whose = origin or actor.origin
    if (all_origins or whose != actor.origin) and actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("suspension_of_another", _("Only administrators may lift a suspension by somebody else."))
    # Which of them are lifted.
    those = Q() if all_origins else Q(origin=whose)

    def prepare(locked: dict[UUID, User]) -> Step:
        asserted = Suspension.objects.filter(user_id__in=locked).order_by("origin")
        lifted = _by_user(asserted.filter(those))
        still = _by_user(asserted.exclude(those)) if those else {}

        def step(change: UserChange) -> None:
            user = present(locked, change.user.pk)
            if user.pk in lifted:
                change.differences["suspensions"] = (lifted[user.pk] if all_origins else whose, None)
                change.settle_active(suspended=user.pk in still)

        return step

    def withdraw(changes: Sequence[UserChange]) -> None:
        Suspension.objects.filter(those, user_id__in=[change.user.pk for change in changes]).delete()

    verb = Verb.USER_SUSPENSION_LIFTED
    return change_many(users, actor=actor, verb=verb, prepare=prepare, also=withdraw, held=held)


def _by_user(suspensions: "QuerySet[Suspension]") -> dict[UUID, list[str]]:
    """By whom each user is suspended."""
    found: dict[UUID, list[str]] = {}
    for user, origin in suspensions.values_list("user_id", "origin"):
        found.setdefault(user, []).append(origin)
    return found
