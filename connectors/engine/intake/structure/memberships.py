"""What an import makes of memberships: rows of a file of them, nestings of a file of groups, and those that a complete
file does not have any more.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.fields.json import KT

from connectors.engine.intake.lease import renew
from connectors.engine.intake.missing import tell_many_missing
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staged import (
    CHUNK,
    MEMBERSHIPS,
    add_findings,
    add_rows,
    chunks,
    mark,
    sound_rows,
    write_marks,
    write_plan,
)
from connectors.engine.intake.structure.groups import MEMBER_GROUP, groups_named
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.memberships import add_members, remove_members
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import IdentityError, NotFound, RuleViolation
from identities.models import Group, Membership, User
from identities.vocabulary import GroupKind

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows of a chunk refer to, and which of their memberships this origin asserts."""

    groups: Mapping[str, Group]
    people: Mapping[str, UUID]
    asserted: frozenset[Pair]

    def member_of(self, row: StagedRow) -> UUID | None:
        """The person or group that a row says is a member; None if there is none."""
        if row.values.get("kind") == MEMBER_GROUP:
            group = self.groups.get(fold(row.key))
            return group.pk if group else None
        return self.people.get(fold(row.key))


def plan_memberships(run: Run, profile: Profile) -> None:
    """Decide what each row of memberships would do, and which memberships of this origin are missing from a complete
    file; what is wrong becomes findings.
    """
    named: set[Pair] = set()
    for rows in sound_rows(run, MEMBERSHIPS):
        known = known_of(rows, profile.origin)
        problems = [problem for row in rows for problem in _problems(row, known, profile)]
        bad = {problem.row for problem in problems}
        for row in rows:
            group, row.object_id = known.groups.get(fold(row.values["group"])), known.member_of(row)
            pair = (group.pk, row.object_id) if group and row.object_id else None
            there = pair in known.asserted
            if pair:
                named.add(pair)
            row.state = RowState.PROBLEM if row.number in bad else RowState.UNCHANGED if there else RowState.CREATE
            row.difference = {"group": [None, row.values["group"]]} if row.state == RowState.CREATE else {}
        write_plan(run, rows)
        add_findings(run, MEMBERSHIPS, problems)
    if profile.complete:
        add_rows(run, MEMBERSHIPS, _missing(profile.origin, named))
        tell_many_missing(run, MEMBERSHIPS)


def apply_membership_rows(run: Run, profile: Profile, *, actor: Actor) -> None:
    """Assert and withdraw memberships, group by group within each chunk: as many statements for a group as for one
    member of it.
    """
    for state, change in ((RowState.CREATE, _add), (RowState.WITHDRAWN, _remove)):
        waiting = run.rows.filter(part=MEMBERSHIPS, state=state).annotate(group=KT("values__group"))
        by_group = array("q", waiting.order_by("group", "number").values_list("pk", flat=True).iterator(CHUNK))
        for some in chunks(by_group):
            found = run.rows.in_bulk(some)
            rows = [found[pk] for pk in some]
            with transaction.atomic():
                known = known_of(rows, actor.origin)
                for name, members in _by_group(rows).items():
                    change(known.groups.get(name), members, known, actor)
                write_marks(run, MEMBERSHIPS, rows, profile.columns)
                renew(run, progress=True, processed=run.processed + len(rows))


def people_by_key(keys: Iterable[str]) -> dict[str, UUID]:
    """Ids of people by folded key: their employee number, or else their user name."""
    wanted = {fold(key) for key in keys if key}
    persons = User.objects.persons()
    found = dict(persons.filter(user_name_key__in=wanted).values_list("user_name_key", "pk"))
    found.update(persons.filter(employee_number_key__in=wanted).values_list("employee_number_key", "pk"))
    return found


def known_of(rows: Sequence[StagedRow], origin: str) -> Known:
    """What these rows refer to, in a constant number of statements."""
    nested = [row.key for row in rows if row.values.get("kind") == MEMBER_GROUP]
    groups = groups_named([*nested, *(row.values["group"] for row in rows)])
    people = people_by_key(row.key for row in rows if row.values.get("kind") != MEMBER_GROUP)
    asserted = Membership.objects.filter(group__in=[group.pk for group in groups.values()], origins__origin=origin)
    pairs: set[Pair] = set()
    for some in chunks(people.values()):
        pairs.update(asserted.filter(user__in=some).values_list("group_id", "user_id"))
    if nested:
        pairs.update(asserted.filter(member_group__isnull=False).values_list("group_id", "member_group_id"))
    return Known(groups, people, frozenset(pairs))


def _problems(row: StagedRow, known: Known, profile: Profile) -> Iterator[Problem]:
    if row.values.get("kind") == MEMBER_GROUP:
        return  # looked at with the group's own row
    name, group = row.values["group"], known.groups.get(fold(row.values["group"]))
    if group is None:
        text = f"Row {row.number}: there is no group {name}. Correct its name, or import it first."
        yield Problem("unknown_group", text, row.number, profile.column_of("group"), name)
    elif group.kind == GroupKind.DYNAMIC:
        text = f"Row {row.number}: the members of {name} follow from its filter. Delete the row, or change the filter."
        yield Problem("dynamic_group", text, row.number, profile.column_of("group"), name)
    if known.member_of(row) is None:
        nobody = f"Row {row.number}: nobody has the employee number or user name {row.key}."
        text = f"{nobody} Correct it, or import that person first."
        yield Problem("unknown_member", text, row.number, profile.column_of("member"), row.key)


def _missing(origin: str, named: set[Pair]) -> Iterator[StagedRow]:
    """The memberships this origin asserts and the file does not name."""
    rows = Membership.objects.filter(origins__origin=origin, group__deleted_at=None).order_by("group_id", "pk")
    names = ("group__display_name", "user__employee_number", "user__user_name", "member_group__display_name")
    for group, user, nested, *shown in rows.values_list("group_id", "user_id", "member_group_id", *names).iterator():
        if (group, user or nested) in named:
            continue
        group_name, number, user_name, nested_name = shown
        key = nested_name or number or user_name
        values = {"group": group_name, "member": key, **({"kind": MEMBER_GROUP} if nested else {})}
        difference = {"group": [group_name, None]}
        yield StagedRow(
            key=key, object_id=user or nested, values=values, state=RowState.WITHDRAWN, difference=difference
        )


def _by_group(rows: Iterable[StagedRow]) -> dict[str, list[StagedRow]]:
    found: dict[str, list[StagedRow]] = defaultdict(list)
    for row in rows:
        found[fold(row.values["group"])].append(row)
    return found


def _add(group: Group | None, rows: Sequence[StagedRow], known: Known, actor: Actor) -> None:
    members = {row.pk: known.member_of(row) for row in rows}
    there = [row for row in rows if members[row.pk] is not None]
    refusal = _attempt(group, [member for member in members.values() if member is not None], actor)
    for row in rows:
        row.object_id = members[row.pk]
        gone = NotFound("unknown_member", f"There is no {row.key} any more.", field="member")
        mark(row, refusal or (None if row in there else gone))


def _attempt(group: Group | None, members: Sequence[UUID], actor: Actor) -> IdentityError | None:
    if group is None:
        return NotFound("unknown_group", "This group is not there any more.", field="group")
    try:
        add_members(group, members, actor=actor)
    except (NotFound, RuleViolation) as refusal:
        return refusal
    return None


def _remove(group: Group | None, rows: Sequence[StagedRow], known: Known, actor: Actor) -> None:
    """Withdraw; a membership of a group that is gone is gone, too."""
    if group is not None:
        remove_members(group, [row.object_id for row in rows if row.object_id], actor=actor)
    for row in rows:
        mark(row, None)
