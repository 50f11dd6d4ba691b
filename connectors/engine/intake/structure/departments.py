"""What an import of people makes of their departments: org units, and a group for each with its people."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from connectors.engine.intake.keys import KeySet
from connectors.engine.intake.lease import renew
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import CHUNK, DEPARTMENTS, GROUPS, PEOPLE, UNSOUND, add_rows, chunks
from connectors.models import Run, StagedRow
from connectors.vocabulary import RowState
from identities.actions.memberships import add_members, remove_members
from identities.actors import Actor
from identities.canonical import fold
from identities.models import Group, Membership

Named = dict[str, tuple[str, str]]

_HELD_PEOPLE = 20_000
"""Members of so many people's departments are compared at once."""


def named_departments(run: Run) -> Named:
    """Code and name by folded code: of the departments' file, and of those only people's rows name."""
    named: Named = {}
    for code, name in _people_rows(run).values_list("values__department", flat=True).iterator(chunk_size=CHUNK):
        if code and name:
            named.setdefault(fold(code), (code, name))
    departments = run.rows.filter(part=DEPARTMENTS).exclude(state__in=UNSOUND)
    rows = departments.annotate(department_name=KT("values__name")).values_list("key", "department_name")
    named.update({fold(key): (key, name) for key, name in rows})
    return named


def stage_departments(run: Run, profile: Profile) -> Named:
    """Stage the departments that only people's rows name, and the groups that are missing, behind the file's rows.

    Returns:
        What `named_departments` does.
    """
    named = named_departments(run)
    staged = {fold(key) for key in run.rows.filter(part=DEPARTMENTS).values_list("key", flat=True)}
    add_rows(
        run,
        DEPARTMENTS,
        (
            StagedRow(key=code, values={"name": name})
            for key, (code, name) in sorted(named.items())
            if key not in staged
        ),
    )
    if profile.options.groups_from_departments:
        wanted = {fold(name): name for _code, name in named.values()}
        present = Group.objects.present().filter(display_name_key__in=wanted)
        there = set(present.values_list("display_name_key", flat=True))
        missing = [name for key, name in sorted(wanted.items()) if key not in there]
        add_rows(run, GROUPS, (StagedRow(key=name, values={"display_name": name}) for name in missing))
    return named


def apply_memberships(run: Run, *, actor: Actor) -> Counter[str]:
    """Give the group of every department the people of the file; take out those the file puts elsewhere, also of the
    group of a department that has another name by now.
    """
    counts: Counter[str] = Counter()
    for group, missing, surplus in _membership_changes(run, actor.origin):
        for some in chunks(sorted(missing)):
            counts["memberships_added"] += add_members(group, some, actor=actor)
        for some in chunks(sorted(surplus)):
            counts["memberships_removed"] += remove_members(group, some, actor=actor)
        renew(run, progress=True)
    return counts


def _membership_changes(run: Run, origin: str) -> Iterator[tuple[Group, set[UUID], set[UUID]]]:
    """Groups whose members this origin asserts otherwise than the file says: whom to add, whom to take out."""
    everybody = KeySet(person for person, _department in _placed_people(run))
    names = {fold(name): key for key, (_code, name) in named_departments(run).items()}
    asserted = Membership.objects.filter(user__isnull=False, origins__origin=origin)
    filled = Exists(asserted.filter(group=OuterRef("pk")))
    groups = Group.objects.present().filter(Q(display_name_key__in=names) | filled).order_by("pk")
    sizes = Counter(department for _person, department in _placed_people(run))
    for some in _together(groups.iterator(), lambda group: sizes[names.get(str(group.display_name_key), "")]):
        people = _people_of(run, {names.get(str(group.display_name_key), "") for group in some})
        for group in some:
            wanted = people[names[str(group.display_name_key)]] if str(group.display_name_key) in names else set()
            there = set(asserted.filter(group=group).values_list("user_id", flat=True))
            missing, surplus = wanted - there, {person for person in there - wanted if person in everybody}
            if missing or surplus:
                yield group, missing, surplus


def _together(groups: Iterable[Group], size: Callable[[Group], int]) -> Iterator[list[Group]]:
    """Groups in lists whose people are held at once."""
    some: list[Group] = []
    held = 0
    for group in groups:
        some.append(group)
        held += size(group)
        if held > _HELD_PEOPLE:
            yield some
            some, held = [], 0
    if some:
        yield some


def _people_of(run: Run, departments: Collection[str]) -> dict[str, set[UUID]]:
    """The people of these departments, by folded code."""
    people: dict[str, set[UUID]] = defaultdict(set)
    for person, department in _placed_people(run):
        if department in departments:
            people[department].add(person)
    return people


def _placed_people(run: Run) -> Iterator[tuple[UUID, str]]:
    """Everybody who is in the file and was found or made, with the folded code of their department."""
    rows = _people_rows(run).filter(object_id__isnull=False).order_by()
    for object_id, department in rows.values_list("object_id", "values__department").iterator(chunk_size=CHUNK):
        yield object_id, fold(department[0])


def _people_rows(run: Run) -> "QuerySet[StagedRow]":
    """Rows of people who are in the file."""
    rows = run.rows.filter(part=PEOPLE).exclude(state__in=UNSOUND)
    return rows.exclude(state=RowState.DISABLE).exclude(planned=RowState.DISABLE)
