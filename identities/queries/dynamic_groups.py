"""Dynamic groups: their rules, whom a rule lets in, and what a rule would change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value

from identities.actors import rule_origin
from identities.errors import RuleViolation
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.filters.references import References, references
from identities.models import Group, Membership, MembershipOrigin, User
from identities.vocabulary import GroupKind, UserKind

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one dynamic group, read."""

    group: UUID
    name: str
    references: References


def read_rule(filter_text: str) -> References:
    """What a rule looks at beyond the person.

    Raises:
        RuleViolation: code `invalid_filter`, with `filter_text`: it is empty, cannot be read, or asks for what a rule
            may not ask for.
    """
    if not filter_text.strip():
        raise RuleViolation("invalid_filter", "A dynamic group needs a filter.", field="filter_text")
    try:
        return references(parse(filter_text, "User"))
    except RuleViolation as refusal:
        raise RuleViolation(refusal.code, refusal.message, field="filter_text", **refusal.facts) from refusal


def dynamic_groups() -> "QuerySet[Group]":
    """The dynamic groups that are not deleted."""
    return Group.objects.filter(kind=GroupKind.DYNAMIC, deleted_at__isnull=True).order_by("pk")


def readable_rules() -> list[Rule]:
    """The rules of all dynamic groups, but for those that can no longer be read."""
    rules = []
    for group, name, text in dynamic_groups().values_list("pk", "display_name", "filter_text"):
        try:
            rules.append(Rule(group, name, read_rule(text)))
        except RuleViolation:
            continue
    return rules


def groups_asked_for() -> dict[UUID, frozenset[UUID]]:
    """For each dynamic group, deleted or not, the groups whose members its rule asks for."""
    asked = {}
    for group, text in Group.objects.filter(kind=GroupKind.DYNAMIC).values_list("pk", "filter_text"):
        try:
            asked[group] = read_rule(text).groups
        except RuleViolation:
            continue
    return asked


def people_of(filter_text: str) -> Q:
    """The condition on users that holds for those whom the rule lets in: persons who are not deleted.

    Raises:
        RuleViolation: code `invalid_filter`.
    """
    return Q(kind=UserKind.PERSON, deleted_at__isnull=True) & to_q(parse(filter_text, "User"))


def differing(
    group: UUID, filter_text: str, people: Collection[UUID] | None, limit: int
) -> tuple[list[UUID], list[UUID]]:
    """Who is to enter and who is to leave for the rule's assertions to be right, in one statement.

    Args:
        people: whom to look at; None for everybody.
        limit: at most so many together, the lowest ids first.
    """
    wanted, asserted = people_of(filter_text), Q(Exists(_assertions(group)))
    users = User.objects.order_by()
    if people is not None:
        users = users.filter(pk__in=people)
    entering = users.filter(wanted & ~asserted).annotate(enters=_flag(True))  # noqa: FBT003  a value, no switch
    leaving = users.filter(asserted & ~wanted).annotate(enters=_flag(False))  # noqa: FBT003  a value, no switch
    both = entering.values_list("pk", "enters").union(leaving.values_list("pk", "enters"), all=True)
    rows = list(both.order_by("pk")[:limit])
    return [pk for pk, enters in rows if enters], [pk for pk, enters in rows if not enters]


def asserted_by_hand(group: Group) -> bool:
    """Whether the group has members whom others than its rule assert, or may have: it is static."""
    if group.kind == GroupKind.STATIC:
        return True
    return MembershipOrigin.objects.filter(_others(group.pk)).exists()


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What saving a rule would change.

    Attributes:
        members: how many people the group would have.
        entering, leaving: how many come and go.
        first_entering, first_leaving: the first `SHOWN` of each, by user name.
    """

    members: int
    entering: int
    leaving: int
    first_entering: Sequence[User]
    first_leaving: Sequence[User]


def preview_rule(filter_text: str, group: UUID | None = None) -> RulePreview:
    """Who would enter the group and who would leave it under this rule, in a constant number of statements.

    Members whom others assert do not leave, and nobody enters who is a member already.

    Args:
        group: the group; None for one that is not there yet.

    Raises:
        RuleViolation: code `invalid_filter`.
    """
    read_rule(filter_text)
    wanted = people_of(filter_text)
    memberships = Membership.objects.filter(group=group, user=OuterRef("pk"))
    member = Q(Exists(memberships))
    held = Q(Exists(MembershipOrigin.objects.filter(_others(group), membership__user=OuterRef("pk"))))
    asserted = Q(Exists(_assertions(group)))
    entering = User.objects.filter(wanted & ~member)
    leaving = User.objects.filter(asserted & ~held & ~wanted)
    now = User.objects.present().filter(member)
    came, left = entering.count(), leaving.count()
    return RulePreview(now.count() + came - leaving.present().count(), came, left, _first(entering), _first(leaving))


def _first(users: "QuerySet[User]") -> list[User]:
    return list(users.order_by("user_name_key", "pk")[:SHOWN])


def _assertions(group: UUID | None) -> "QuerySet[MembershipOrigin]":
    """What the rule of this group asserts of the outer row."""
    return MembershipOrigin.objects.filter(
        membership__group=group, membership__user=OuterRef("pk"), origin=_origin(group)
    )


def _others(group: UUID | None) -> Q:
    return Q(membership__group=group) & ~Q(origin=_origin(group))


def _origin(group: UUID | None) -> str:
    return rule_origin(group) if group else ""


def _flag(value: bool) -> Any:
    return Value(value, output_field=BooleanField())
