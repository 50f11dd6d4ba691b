"""The clock: start dates activate, end dates deprovision, memberships end."""

from datetime import date
from uuid import UUID

from django.db.models import Q

from identities.actions import memberships
from identities.actions.chunks import CHUNK
from identities.actions.lifecycle.batch import Step, change_many
from identities.actions.user_changes import UserChange, present, suspended_among
from identities.actors import Actor
from identities.errors import IdentityError
from identities.models import User
from identities.rules.transitions import state_when_due
from identities.vocabulary import UserState, Verb


def run_clock(today: date, *, actor: Actor) -> int:
    """Do what is due on this day, in transactions of at most `CHUNK` users or one group.

    Doing it twice does nothing more.

    Returns:
        How many users changed state and how many memberships ended.
    """
    # Ends come first: where both dates have passed nobody is active for a moment.
    ended = _move_all(
        Q(state__in=(UserState.STAGED, UserState.ACTIVE), end_date__lt=today), Verb.USER_DEPROVISIONED, today, actor
    )
    begun = _move_all(Q(state=UserState.STAGED, start_date__lte=today), Verb.USER_ACTIVATED, today, actor)
    return begun + ended + memberships.end_memberships(today, actor=actor)


def _move_all(due: Q, verb: Verb, today: date, actor: Actor) -> int:
    # Superusers are not ended by a date: nobody would be left to mend it.
    people = User.objects.present().filter(due, is_superuser=False).order_by("pk")
    moved, last = 0, UUID(int=0)
    while ids := list(people.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        moved += _move(ids, verb, today, actor)
        last = ids[-1]
    return moved


def _move(ids: list[UUID], verb: Verb, today: date, actor: Actor) -> int:
    def prepare(locked: dict[UUID, User]) -> Step:
        suspended = suspended_among(list(locked))

        def step(change: UserChange) -> None:
            user = present(locked, change.user.pk)
            state = state_when_due(UserState(user.state), user.start_date, user.end_date, today)
            if state != user.state:
                change.enter(state, suspended=user.pk in suspended, by_date=True)
                change.urgent = state == UserState.DEPROVISIONED

        return step

    results = change_many(ids, actor=actor, verb=verb, prepare=prepare)
    return sum(not isinstance(result, IdentityError) for result in results)
