"""What an import makes of departments: org units, their managers, and a group for each with its people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KT

from connectors.engine.intake.lease import renew
from connectors.engine.intake.person_rows import PersonRow
from connectors.engine.intake.profile import Profile
from connectors.engine.intake.reading import Problem
from connectors.engine.intake.staging import CHUNK, DEPARTMENTS, PEOPLE, add_findings, chunks
from connectors.models import Run
from connectors.vocabulary import RowState
from identities.actions.batches import all_of
from identities.actions.groups import NewGroup, create_groups_many
from identities.actions.memberships import add_members, remove_members
from identities.actions.org_units import NewOrgUnit, OrgUnitUpdate, create_org_units_many, update_org_units_many
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, IdentityError
from identities.models import Group, Membership, OrgUnit, User

SOUND = (RowState.CREATE, RowState.UPDATE, RowState.UNCHANGED, RowState.APPLIED)


def named_departments(run: Run) -> dict[str, tuple[str, str]]:
    """Code and name by folded code: of the departments' file, and of those only people's rows name."""
    named: dict[str, tuple[str, str]] = {}
    people = run.rows.filter(part=PEOPLE, state__in=SOUND).values_list("values__department", flat=True)
    for code, name in people.iterator(chunk_size=CHUNK):
        if code and name:
            named.setdefault(fold(code), (code, name))
    departments = run.rows.filter(part=DEPARTMENTS, state__in=SOUND)
    rows = departments.annotate(department_name=KT("values__name")).values_list("key", "department_name")
    named.update({fold(key): (key, name) for key, name in rows})
    return named


def departments_by_code(people: Iterable[PersonRow]) -> dict[str, UUID]:
    """Ids of the org units these rows name, by folded code."""
    codes = {fold(person.department_code) for person in people if person.department_code}
    return dict(OrgUnit.objects.filter(code_key__in=codes).values_list("code_key", "pk"))


def apply_departments(run: Run, profile: Profile, *, actor: Actor) -> Counter[str]:
    """Create and rename org units, and create the groups that are missing.

    What another import created since this one looked is there, and that is all that was wanted.
    """
    counts: Counter[str] = Counter()
    present = {unit.code_key: unit for unit in OrgUnit.objects.filter(deleted_at__isnull=True)}
    named = dict(sorted(named_departments(run).items()))
    new = [NewOrgUnit(name, code) for key, (code, name) in named.items() if key not in present]
    renamed = [
        OrgUnitUpdate(unit, {"name": name})
        for key, (_code, name) in named.items()
        if (unit := present.get(key)) and unit.name != name
    ]
    for units in chunks(new):
        made = _made(create_org_units_many(units, actor=actor))
        counts["departments_created"] += made
        renew(run, progress=made > 0)
    for updates in chunks(renamed):
        counts["departments_updated"] += len(all_of(update_org_units_many(updates, actor=actor)))
        renew(run, progress=True)
    if profile.options.groups_from_departments:
        for groups in chunks(_missing_groups([name for _code, name in named.values()])):
            made = _made(create_groups_many(groups, actor=actor))
            counts["groups_created"] += made
            renew(run, progress=made > 0)
    return counts


def _missing_groups(names: Iterable[str]) -> list[NewGroup]:
    wanted = {fold(name): name for name in names}
    there = set(Group.objects.present().filter(display_name_key__in=wanted).values_list("display_name_key", flat=True))
    return [NewGroup(name) for key, name in wanted.items() if key not in there]


def _made(results: Sequence[object | IdentityError]) -> int:
    return len(all_of([result for result in results if not isinstance(result, Conflict)]))


def apply_memberships(run: Run, profile: Profile, *, actor: Actor) -> Counter[str]:
    """Give every department its manager and its group the people of the file; take out those the file puts
    elsewhere, also of the group of a department that has another name by now.
    """
    counts = _apply_managers(run, profile, actor)
    if profile.options.groups_from_departments:
        for group, missing, surplus in membership_changes(run, actor.origin):
            for some in chunks(sorted(missing)):
                counts["memberships_added"] += add_members(group, some, actor=actor)
            for some in chunks(sorted(surplus)):
                counts["memberships_removed"] += remove_members(group, some, actor=actor)
            renew(run, progress=True)
    run.rows.filter(part=DEPARTMENTS, state__in=(RowState.CREATE, RowState.UPDATE)).update(state=RowState.APPLIED)
    return counts


def membership_changes(run: Run, origin: str) -> Iterator[tuple[Group, set[UUID], set[UUID]]]:
    """Groups whose members this origin asserts otherwise than the file says: whom to add, whom to take out."""
    people = _people_by_department(run)
    everybody = set().union(*people.values())
    names = {fold(name): key for key, (_code, name) in named_departments(run).items()}
    asserted = Membership.objects.filter(user__isnull=False, origins__origin=origin)
    filled = Exists(asserted.filter(group=OuterRef("pk")))
    for group in Group.objects.present().filter(Q(display_name_key__in=names) | filled).iterator():
        key = names.get(str(group.display_name_key))
        wanted = people[key] if key else set()
        there = set(asserted.filter(group=group).values_list("user_id", flat=True))
        missing, surplus = wanted - there, (there & everybody) - wanted
        if missing or surplus:
            yield group, missing, surplus


def _people_by_department(run: Run) -> dict[str, set[UUID]]:
    people: dict[str, set[UUID]] = defaultdict(set)
    rows = run.rows.filter(part=PEOPLE, state__in=SOUND, object_id__isnull=False)
    for object_id, department in rows.values_list("object_id", "values__department").iterator(chunk_size=CHUNK):
        people[fold(department[0])].add(object_id)
    return people


def _apply_managers(run: Run, profile: Profile, actor: Actor) -> Counter[str]:
    """Set the managers of org units; one that is not known is a finding that blocks nothing."""
    rows = list(run.rows.filter(part=DEPARTMENTS, state__in=SOUND).exclude(values__manager=""))
    keys = {fold(row.values["manager"]) for row in rows}
    known = dict(User.objects.persons().filter(employee_number_key__in=keys).values_list("employee_number_key", "pk"))
    units = {unit.code_key: unit for unit in OrgUnit.objects.filter(deleted_at__isnull=True)}
    updates = []
    for row in rows:
        unit, manager = units.get(fold(row.key)), known.get(fold(row.values["manager"]))
        if manager is None:
            _note_unknown_manager(run, profile, row.number, row.values["manager"])
        elif unit is not None and unit.manager_id != manager:
            updates.append(OrgUnitUpdate(unit, {"manager": manager}))
    for some in chunks(updates):
        all_of(update_org_units_many(some, actor=actor))
        renew(run, progress=True)
    return Counter(departments_updated=len(updates))


def _note_unknown_manager(run: Run, profile: Profile, row: int, manager: str) -> None:
    column = profile.options.department_manager_column
    text = f"Row {row}: the manager {manager} is not known yet. Import the people, then this file again."
    add_findings(run, DEPARTMENTS, [Problem("unknown_manager", text, row, column, manager)], blocking=False)
