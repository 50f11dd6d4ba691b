"""References of users that are looked at twice: before the change, and once more when it is written, because others
may have deleted an org unit or closed a circle of managers meanwhile, which no lock of a row would show.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from identities.actions.attempts import OvertakenError
from identities.actions.turns import Turn, take_turn
from identities.actions.user_changes import UserChange
from identities.actions.users.lookups import present_org_units
from identities.errors import RuleViolation
from identities.models import User
from identities.queries.recursion import managers_above
from identities.rules.attributes import MANAGER, ORG_UNIT
from identities.rules.chains import closes_loop


def check_again(changes: Sequence[UserChange]) -> None:
    """Look once more at new managers and org units, in turn with whoever else changes these. Called last.

    Raises:
        OvertakenError: a circle of managers was closed, or an org unit deleted, by somebody else.
    """
    managed = [each.user for each in changes if MANAGER in each.differences and each.user.manager_id]
    if managed and take_turn(Turn.MANAGERS):
        above = managers_above({user.manager_id for user in managed})
        if any(closes_loop(user.pk, user.manager_id, above) for user in managed):
            raise OvertakenError
    units = {each.user.org_unit_id for each in changes if ORG_UNIT in each.differences and each.user.org_unit_id}
    if units and take_turn(Turn.ORG_UNITS) and units - present_org_units(units):
        raise OvertakenError


def manager_loop(user: User) -> RuleViolation:
    """The refusal of a manager who stands below the user."""
    message = _("Nobody can be their own manager, directly or through others.")
    return RuleViolation("manager_loop", message, field=MANAGER, manager=str(user.manager_id))
