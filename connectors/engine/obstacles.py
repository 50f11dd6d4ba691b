"""What may keep an object from being converged on a system: each gate and hold, and whether it does so now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from connectors.engine.limits import RemovalBudget
from connectors.models import ConnectedSystem
from connectors.vocabulary import BreakerState, SystemState


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One gate or hold.

    Attributes:
        code: stable word for programs. applies: whether it stands in the way now.
        text: in words, also when it does not. until: when it goes by itself, where that is known.
    """

    code: str
    applies: bool
    text: str
    until: datetime | None = None


def system_gates(system: ConnectedSystem, now: datetime) -> tuple[Obstacle, ...]:
    """What keeps the system from being called at all: pause, breaker, throttle."""
    return (_pause(system), _breaker(system), _throttle(system, now))


def object_holds(budget: RemovalBudget | None, *, is_held: bool, waiting_for: int) -> Iterator[Obstacle]:
    """What keeps one object from being finished: the removal brake, and references without an account.

    Args:
        budget: None when it is not known.
        is_held: whether a removal of the object waits for a person.
        waiting_for: how many objects it refers to have no account yet.
    """
    if budget is not None:
        told = {"removed": budget.removed, "limit": budget.limit}
        text = _("%(removed)d of %(limit)d removals were made within the last hour.") % told
        yield Obstacle("brake", is_held, _("A removal is held and waits for a person.") if is_held else text)
    text = _("It refers to %(number)d accounts that are not there yet.") % {"number": waiting_for}
    yield Obstacle("references", bool(waiting_for), text if waiting_for else _("Everything it refers to is there."))


def _pause(system: ConnectedSystem) -> Obstacle:
    texts = {
        SystemState.PAUSED: _("%(system)s is paused."),
        SystemState.DELETING: _("%(system)s is being removed."),
        SystemState.RUNNING: _("%(system)s is running."),
    }
    text = texts[SystemState(system.state)] % {"system": system.name}
    return Obstacle("pause", system.state == SystemState.PAUSED, text)


def _breaker(system: ConnectedSystem) -> Obstacle:
    is_open = system.breaker != BreakerState.CLOSED
    told = {"system": system.name, "reason": system.breaker_reason}
    text = _("%(system)s is not called because it keeps failing: %(reason)s") if is_open else _("%(system)s answers.")
    return Obstacle("breaker", is_open, text % told, system.breaker_probe_at if is_open else None)


def _throttle(system: ConnectedSystem, now: datetime) -> Obstacle:
    until = system.throttled_until if system.throttled_until and system.throttled_until > now else None
    if until is None:
        text = _("%(system)s did not ask to be left alone.") % {"system": system.name}
    else:
        told = {"system": system.name, "time": f"{until:%Y-%m-%d %H:%M:%S %Z}"}
        text = _("%(system)s asked to be left alone until %(time)s.") % told
    return Obstacle("throttle", until is not None, text, until)
