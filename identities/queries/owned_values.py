"""The values of a person, group or org unit, each with its owner: what pages and commands show of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identities.models import Group, MultiValue, OrgUnit, User
from identities.rules.attributes import CUSTOM_PREFIX, DATES, MANAGER, ORG_UNIT, TEXT_LENGTHS, USER_NAME
from identities.rules.ownership import is_empty, owner_of

_SINGLE = (USER_NAME, *TEXT_LENGTHS, MANAGER, ORG_UNIT, *DATES)


@dataclass(frozen=True, slots=True)
class OwnedValue:
    """One value in text, and the origin that owns it; None when nobody does."""

    attribute: str
    value: str
    owner: str | None


def values_of_user(user_id: UUID) -> tuple[OwnedValue, ...]:
    """The values a user has, in the order of the form; nothing when there is no such user. Two statements."""
    user = User.objects.get_queryset().select_related("manager", "org_unit").filter(pk=user_id).first()
    if user is None:
        return ()
    return (*_single(user), *_custom(user), *_multiple(user))


def values_of_group(group_id: UUID) -> tuple[OwnedValue, ...]:
    """The values a group has; nothing when there is no such group."""
    group = Group.objects.filter(pk=group_id).first()
    if group is None:
        return ()
    values = {"display_name": group.display_name, "description": group.description}
    return tuple(_owned(values, group.owners, group.default_origin))


def values_of_org_unit(unit_id: UUID) -> tuple[OwnedValue, ...]:
    """The values an org unit has, its manager and the unit above by name; nothing when there is no such unit.

    All belong to the origin of the unit.
    """
    units = OrgUnit.objects.without_tree_fields().select_related("parent", "manager")
    unit = units.filter(pk=unit_id).first()
    if unit is None:
        return ()
    values = {"name": unit.name, "code": unit.code, "parent": unit.parent, "manager": unit.manager}
    return tuple(_owned(values, {}, unit.origin))


def _single(user: User) -> Iterator[OwnedValue]:
    values = {name: getattr(user, name) for name in _SINGLE}
    return _owned(values, user.owners, user.default_origin)


def _custom(user: User) -> Iterator[OwnedValue]:
    values = {f"{CUSTOM_PREFIX}{name}": value for name, value in user.custom.items()}
    return _owned(values, user.owners, user.default_origin)


def _owned(values: Mapping[str, Any], owners: Mapping[str, str], default_origin: str) -> Iterator[OwnedValue]:
    for name, value in values.items():
        if not is_empty(value):
            yield OwnedValue(name, _text(value), owner_of(name, value, owners, default_origin))


def _multiple(user: User) -> Iterator[OwnedValue]:
    for row in MultiValue.objects.filter(user=user):
        parts = [row.value, *map(str, row.data.values())] if row.data else [row.value]
        value = ", ".join(part for part in parts if part)
        yield OwnedValue(f"{row.attribute}.{row.type}" if row.type else row.attribute, value, row.origin)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
