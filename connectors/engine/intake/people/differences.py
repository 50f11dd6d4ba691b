"""How people as a file says they are differ from people as they are."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from connectors.engine.intake.people.rows import PersonRow
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import Difference
from identities.audit.differences import plain
from identities.canonical import fold
from identities.models import Membership, MultiValue, Suspension, User
from identities.queries.owner_orders import order_of
from identities.rules.attributes import custom_name
from identities.rules.ownership import may_write, owner_of
from identities.rules.rows import Row, clean_rows, merge_rows


def load_present(people: Sequence[PersonRow]) -> dict[str, User]:
    """The persons with these keys, by folded key, with org unit, manager and multi-valued attributes loaded."""
    keys = [fold(person.key) for person in people]
    found = (
        User.objects.persons()
        .filter(employee_number_key__in=keys)
        .select_related("manager", "org_unit")
        .prefetch_related("multi_values")
    )
    return {user.employee_number_key: user for user in found}


def difference_of(person: PersonRow, user: User | None, profile: Profile) -> Difference:
    """What this row would change: `{attribute: [old, new]}`; values owned by origins that rank above are left out."""
    difference: Difference = {}
    for name, value in person.changes.items():
        old = _current(user, name)
        if plain(old) != plain(value) and _may_write(user, name, old, profile):
            difference[name] = [plain(old), plain(value)]
    for name, rows in person.multi_values.items():
        if user is None or _rows_differ(user, name, rows, profile):
            difference[name] = [_shown(user, name), [_text(row) for row in rows]]
    difference.update(_reference_difference(person, user, profile))
    return difference


def _current(user: User | None, name: str) -> Any:
    if user is None:
        return None
    custom = custom_name(name)
    return user.custom.get(custom) if custom else getattr(user, name)


def _may_write(user: User | None, name: str, old: Any, profile: Profile) -> bool:
    if user is None:
        return True
    return may_write(profile.origin, owner_of(name, old, user.owners, user.default_origin), order_of(name))


def _rows_differ(user: User, name: str, rows: list[dict[str, Any]], profile: Profile) -> bool:
    current = [
        Row(v.value, v.type, v.display, v.primary, v.data, v.origin, v.pk)
        for v in user.multi_values.all()
        if v.attribute == name
    ]
    key = f"{name}.primary"
    chosen = any(row.primary for row in current) or None
    owner = owner_of(key, chosen, user.owners, user.default_origin)
    wanted = clean_rows(name, rows)
    merged = merge_rows(name, current, wanted, origin=profile.origin, primary_owner=owner, order=order_of(name))
    return tuple(merged.rows) != tuple(current)


def _shown(user: User | None, name: str) -> list[str]:
    values: Iterable[MultiValue] = user.multi_values.all() if user else ()
    return [value.value or ", ".join(map(str, value.data.values())) for value in values if value.attribute == name]


def _text(row: dict[str, Any]) -> str:
    return row["value"] or ", ".join(map(str, row.get("data", {}).values()))


def _reference_difference(person: PersonRow, user: User | None, profile: Profile) -> Difference:
    difference: Difference = {}
    manager = user.manager.employee_number if user and user.manager else ""
    if _is_other(person.manager_key, manager) and _may_write(user, "manager", manager, profile):
        difference["manager"] = [manager or None, person.manager_key]
    code = user.org_unit.code if user and user.org_unit else ""
    if _is_other(person.department_code, code) and _may_write(user, "org_unit", code, profile):
        difference["org_unit"] = [code or None, person.department_code]
    return difference


def _is_other(named: str, current: str) -> bool:
    """Whether a key that a row names, in any case, is not the current one; a row that names none changes nothing."""
    return bool(named) and fold(named) != fold(current)


def suspended_by(origin: str, users: Iterable[User]) -> set[UUID]:
    """Which of these people this origin has suspended."""
    mine = Suspension.objects.filter(origin=origin, user__in=[user.pk for user in users])
    return set(mine.values_list("user_id", flat=True))


def groups_by(origin: str, users: Iterable[User]) -> dict[UUID, list[str]]:
    """Names of the groups that this origin says these people are in."""
    found: dict[UUID, list[str]] = {}
    rows = Membership.objects.filter(
        user__in=[user.pk for user in users], origins__origin=origin, group__deleted_at=None
    ).order_by("group__display_name_key")
    for user, name in rows.values_list("user_id", "group__display_name"):
        if user is not None:
            found.setdefault(user, []).append(name)
    return found
