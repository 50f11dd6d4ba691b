"""What a change of the org structure would do elsewhere, found out before it is made. Other apps register what they
can say in `AppConfig.ready` or where their pages are.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Consequence:
    """What would happen in one place outside the identities, a connected system for instance.

    Attributes:
        name: of the place. url: its page.
        accounts: how many accounts there belong to people of the units that change.
        rewritten: how many of those get other values. entering, leaving: people who begin or cease to belong there.
        note: what becomes of those who leave, or why something cannot be said.
    """

    name: str
    url: str
    accounts: int = 0
    rewritten: int = 0
    entering: int = 0
    leaving: int = 0
    note: str = ""


Outcome = Callable[[], list[Consequence]]
"""Called while the change stands."""

Watch = Callable[[Collection[UUID]], Outcome]
"""Called with the org units that change and all below them, before they do."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a change would do elsewhere; `hidden`: there is more that this administrator may not see."""

    consequences: list[Consequence] = field(default_factory=list)
    hidden: bool = False


class ConsequenceRegistry:
    """Who can say what a change of the org structure does elsewhere, in the order of registration."""

    def __init__(self) -> None:
        self._watches: list[tuple[str, Watch]] = []

    def register(self, permission: str, watch: Watch) -> None:
        """Ask `watch`, too, for whoever has this permission (`connectors.view_connectedsystem`)."""
        self._watches.append((permission, watch))

    def foresee(self, request: HttpRequest, units: Collection[UUID], change: Callable[[], Any]) -> Foreseen:
        """Make the change, look, and take it back: nothing of it is ever committed.

        Raises:
            IdentityError: whatever the change is refused for.
        """
        asked = [watch for permission, watch in self._watches if request.user.has_perm(permission)]
        outcomes = [watch(units) for watch in asked]
        with transaction.atomic():
            change()
            found = [consequence for outcome in outcomes for consequence in outcome()]
            transaction.set_rollback(True)
        return Foreseen(found, hidden=len(asked) < len(self._watches))


consequences = ConsequenceRegistry()
