"""Rules of groups: what makes a group dynamic, changes whom it lets in, or makes it static again."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import each, in_chunks, one
from identities.actions.groups.arguments import GroupRule
from identities.actions.groups.writing import (
    GroupChange,
    group_id_of,
    lock_groups,
    present,
    tell_of_groups,
    write_groups,
)
from identities.actions.turns import Turn, take_turn
from identities.actors import ADMIN_ORIGIN, Actor, rule_origin
from identities.errors import IdentityError, NotPermitted, RuleViolation
from identities.models import Group, MembershipOrigin
from identities.queries.dynamic_groups import groups_asked_for, read_rule
from identities.vocabulary import EventKind, GroupKind, Verb

_COLUMNS = frozenset({"kind", "filter_text", "computed_at", "recompute_at"})


def set_rule(group: Group | UUID, filter_text: str | None, *, actor: Actor) -> Group:
    """Make the group dynamic by this filter on people, or static again.

    A worker then looks at everybody; what others assert of members stays, here as in every computation. When the group
    becomes static its members stay, asserted by the actor from now on. No difference writes nothing.

    Args:
        filter_text: a SCIM filter on people; None for a static group.

    Raises:
        NotFound: `group_not_found`.
        NotPermitted: `administrators_only`.
        RuleViolation: `invalid_filter`, `unknown_group` or `circle_of_rules`, with `filter_text`.
    """
    return one(set_rules_many([GroupRule(group, filter_text)], actor=actor))


def set_rules_many(rules: Sequence[GroupRule], *, actor: Actor) -> list[Group | IdentityError]:
    """`set_rule` for many groups, each of which may appear once, in transactions of at most `CHUNK`; refusals stand in
    the place of the group.
    """
    return in_chunks(partial(_set, actor), rules)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The groups that the rules of a batch ask for, as far as they are there, and what further rules ask for."""

    present: set[UUID]
    asked: dict[UUID, frozenset[UUID]]

    @classmethod
    def of(cls, filter_texts: Iterable[str | None]) -> "Neighbours":
        """Of these rules, in two statements; in none where no rule asks for a group."""
        asked: set[UUID] = set()
        for text in filter_texts:
            with suppress(RuleViolation):  # refused in its place
                asked |= read_rule(text or "").groups
        if not asked:
            return cls(set(), {})
        found = Group.objects.present().filter(pk__in=asked)
        return cls(set(found.values_list("pk", flat=True)), groups_asked_for())

    def check(self, group: UUID, asked: frozenset[UUID]) -> None:
        """Let a group ask for these groups.

        Raises:
            RuleViolation: one of them is not there, or asks, through other rules, for the group itself.
        """
        if unknown := asked - self.present:
            message = _("There is no group %(id)s.") % {"id": min(unknown)}
            raise RuleViolation("unknown_group", message, field="filter_text")
        if group in self._reached(asked):
            message = _("The rule asks, through the rules of other groups or by itself, for members of its own group.")
            raise RuleViolation("circle_of_rules", message, field="filter_text")
        self.asked[group] = asked

    def _reached(self, asked: Iterable[UUID]) -> set[UUID]:
        """These groups and all that their rules ask for, and so on."""
        reached: set[UUID] = set()
        waiting = list(asked)
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                waiting += self.asked.get(here, ())
        return reached


def take_rule(group: Group, filter_text: str, neighbours: Neighbours, actor: Actor) -> None:
    """Give a group, which the caller writes, its rule (raises as `set_rule`)."""
    _check_administrator(actor)
    text = filter_text.strip()
    neighbours.check(group.pk, read_rule(text).groups)
    group.kind, group.filter_text = GroupKind.DYNAMIC, text
    group.computed_at, group.recompute_at = None, timezone.now()


def _set(actor: Actor, rules: Sequence[GroupRule]) -> list[Group | IdentityError]:
    # Two rules that look at each other's group must not be set at the same moment.
    take_turn(Turn.RULES)
    locked = lock_groups([group_id_of(rule.group) for rule in rules])
    neighbours = Neighbours.of(rule.filter_text for rule in rules)
    changes: list[GroupChange] = []

    def step(rule: GroupRule) -> Group:
        _check_administrator(actor)
        group = present(locked, group_id_of(rule.group))
        before = {"kind": group.kind, "filter_text": group.filter_text}
        if rule.filter_text is None:
            _make_static(group, actor)
        elif (group.kind, group.filter_text) != (GroupKind.DYNAMIC, rule.filter_text.strip()):
            take_rule(group, rule.filter_text, neighbours, actor)
        after = {"kind": group.kind, "filter_text": group.filter_text}
        differences = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        if differences:
            changes.append(GroupChange(group, Verb.GROUP_RULE_CHANGED, EventKind.GROUP_CHANGED, differences))
        return group

    results = each(step, rules)
    write_groups([change.group for change in changes], set(_COLUMNS))
    tell_of_groups(changes, actor=actor)
    return results


def _make_static(group: Group, actor: Actor) -> None:
    if group.kind == GroupKind.STATIC:
        return
    asserted = MembershipOrigin.objects.filter(membership__group=group, origin=rule_origin(group.pk))
    asserted.exclude(membership__origins__origin=actor.origin).update(origin=actor.origin)
    asserted.delete()
    group.kind, group.filter_text = GroupKind.STATIC, ""
    group.computed_at = group.recompute_at = None


def _check_administrator(actor: Actor) -> None:
    if actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("administrators_only", _("Only administrators may set the rule of a group."))
