"""What happens next with an object on a system, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from connectors.engine.advice import advice
from connectors.engine.explain import Explanation
from connectors.engine.situation import WRITES
from connectors.models import Operation
from connectors.vocabulary import WAITS_FOR_A_PERSON, OperationState
from identities.models import User
from identities.vocabulary import UserState


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that comes: a stable word, the sentence, and when; None when no time can be given."""

    code: str
    text: str
    at: datetime | None = None


def outlook(explanation: Explanation, user: User | None) -> tuple[Coming, ...]:
    """What happens next, the nearest first; never empty.

    Args:
        user: the person, whose dates count too; None for groups and for people who are gone.
    """
    found = [*_of_operation(explanation), *(_of_dates(user) if user else ())]
    if found:
        return tuple(found)
    if explanation.decision.verdict in WRITES:
        text = _("Nothing is queued: the next change, a push, or provisioning now brings it about.")
        return (Coming("not_queued", text),)
    return (Coming("nothing", _("Nothing, until the person or group, the system or its mappings change.")),)


def _of_operation(explanation: Explanation) -> Iterator[Coming]:
    pending, last = explanation.pending, explanation.last_operation
    if pending is not None:
        yield from _pending(pending, explanation)
    elif last is not None and last.state in WAITS_FOR_A_PERSON:
        yield Coming(
            "person", _("It waits for a person. %(advice)s") % {"advice": advice(last.state, last.error_class)}
        )
    if explanation.link is not None and explanation.link.unresolved:
        yield Coming("references", _("It is completed once the accounts it refers to are there."))


def _pending(pending: Operation, explanation: Explanation) -> Iterator[Coming]:
    if pending.state == OperationState.IN_FLIGHT:
        yield Coming("under_way", _("A worker is at work on it."), pending.started_at)
        return
    shut = [gate for gate in explanation.system_gates if gate.applies]
    for gate in shut:
        yield Coming(gate.code, str(_AFTER[gate.code]()), gate.until)
    if not shut:
        text = _("It is tried again.") if pending.attempt else _("A worker takes it up.")
        yield Coming("due", text, pending.due_at)


_AFTER = {
    "pause": lambda: _("The change that waits goes out when the system is resumed."),
    "breaker": lambda: _("The system is asked whether it is back; once it answers, the change that waits goes out."),
    "throttle": lambda: _("The pause that the system asked for is over, and the change that waits goes out."),
}


def _of_dates(user: User) -> Iterator[Coming]:
    today = timezone.localdate()
    if user.state == UserState.STAGED and user.start_date is not None and user.start_date >= today:
        yield Coming("starts", _("The person starts, and is decided about anew."), _midnight(user.start_date))
    if user.state == UserState.ACTIVE and user.end_date is not None and user.end_date >= today:
        text = _("The person has left, and the system's policy for people who are not active applies.")
        yield Coming("leaves", text, _midnight(user.end_date + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
