"""The actions on the rules of groups: what is done, to what, and to how many (see `cases`)."""

from collections.abc import Callable
from typing import Any, Final

from identities.actions import groups, memberships
from identities.actors import rule_actor
from identities.models import Group
from tests.factories import actor, make_group, make_people

RULE: Final = "active eq true"


def _unfilled() -> Group:
    make_people(2)
    return groups.create_group(actor=actor(), display_name="Everybody", filter_text=RULE)


RULE_CASES: Final[dict[str, tuple[Callable[[Any], Any], Callable[[], Any], int]]] = {
    "groups.set_rule": (lambda group: groups.set_rule(group, RULE, actor=actor()), make_group, 1),
    "groups.set_rules_many": (
        lambda rules: groups.set_rules_many(rules, actor=actor()),
        lambda: [groups.GroupRule(make_group(), RULE) for _ in range(3)],
        3,
    ),
    "memberships.compute_members": (
        lambda group: memberships.compute_members(group.pk, actor=rule_actor(group.pk, "Everybody")),
        _unfilled,
        1,
    ),
}
