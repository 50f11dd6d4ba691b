"""What the portal knows of the people, groups and org units that decisions are made about, whatever the system."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from identities.models import Group, OrgUnit, Suspension, User
from identities.queries.compiled import Among, CompiledObjects, Several
from identities.queries.document import documents_of, group_document, load_org_unit_documents
from identities.queries.org_tree import org_paths
from identities.queries.recursion import parents_above
from identities.vocabulary import ObjectType, UserKind, UserState


@dataclass(frozen=True, slots=True)
class Subject:
    """One person, group or org unit.

    Attributes:
        condition: why a person is not active, in words.
        is_person: false for operators and services, who are never provisioned; true for others.
        groups: the groups a person is in, through nesting. units: the person's org unit, or the unit itself, and those
            above it.
        manager_id: whom its account may refer to. parent_id: the org unit it lies in.
    """

    id: UUID
    name: str
    version: int
    document: Mapping[str, Any]
    active: bool = True
    deleted: bool = False
    condition: str = ""
    is_person: bool = True
    groups: frozenset[UUID] = field(default_factory=frozenset)
    units: frozenset[UUID] = field(default_factory=frozenset)
    manager_id: UUID | None = None
    parent_id: UUID | None = None


def load_subjects(object_type: ObjectType, object_ids: Collection[UUID]) -> dict[UUID, Subject]:
    """The objects that have a row, deleted ones too, in a number of queries that does not grow with theirs."""
    return _LOADERS[object_type](object_ids)


def _users(ids: Collection[UUID]) -> dict[UUID, Subject]:
    users = _users_by_id().objects(users=list(ids))
    paths = org_paths({user.org_unit_id for user in users if user.org_unit_id})
    documents = documents_of(users, paths)
    suspended = _suspensions([user.pk for user in users if not user.active])
    return {
        user.pk: Subject(
            id=user.pk,
            name=user.name_for_people,
            version=user.version,
            document=documents[user.pk],
            active=user.active,
            deleted=user.deleted_at is not None or user.state == UserState.PURGED,
            condition=suspended.get(user.pk, "") if user.state == UserState.ACTIVE else user.state,
            is_person=user.kind == UserKind.PERSON,
            groups=frozenset(UUID(group["id"]) for group in documents[user.pk]["all_groups"]),
            units=frozenset(unit.pk for unit in paths.get(user.org_unit_id, ())),
            manager_id=user.manager_id,
            parent_id=user.org_unit_id,
        )
        for user in users
    }


def _groups(ids: Collection[UUID]) -> dict[UUID, Subject]:
    return {
        group.pk: Subject(
            id=group.pk,
            name=group.display_name,
            version=group.version,
            document=group_document(group),
            deleted=group.deleted_at is not None,
        )
        for group in Group.objects.filter(pk__in=ids)
    }


def _org_units(ids: Collection[UUID]) -> dict[UUID, Subject]:
    documents = load_org_unit_documents(ids)
    units: list[Any] = list(OrgUnit.objects.without_tree_fields().filter(pk__in=ids))
    above = parents_above({unit.pk for unit in units})
    return {
        unit.pk: Subject(
            id=unit.pk,
            name=unit.name,
            version=0,
            document=documents[unit.pk],
            deleted=unit.deleted_at is not None,
            units=_chain(unit.pk, above),
            manager_id=unit.manager_id,
            parent_id=unit.parent_id,
        )
        for unit in units
        if unit.pk in documents
    }


@cache
def _users_by_id() -> CompiledObjects:
    users = Several()
    return CompiledObjects(User.objects.get_queryset().filter(Among("pk", users)).order_by(), {"users": users})


def _suspensions(ids: Collection[UUID]) -> dict[UUID, str]:
    """Who suspended these people, in words."""
    if not ids:
        return {}
    found: dict[UUID, list[str]] = {}
    for user_id, origin in Suspension.objects.filter(user__in=ids).values_list("user_id", "origin"):
        found.setdefault(user_id, []).append(origin)
    return {user_id: f"suspended by {', '.join(sorted(origins))}" for user_id, origins in found.items()}


def _chain(unit: UUID | None, above: Mapping[UUID, UUID | None]) -> frozenset[UUID]:
    found: set[UUID] = set()
    while unit is not None and unit in above and unit not in found:
        found.add(unit)
        unit = above[unit]
    return frozenset(found)


_LOADERS: dict[ObjectType, Callable[[Collection[UUID]], dict[UUID, Subject]]] = {
    ObjectType.USER: _users,
    ObjectType.GROUP: _groups,
    ObjectType.ORG_UNIT: _org_units,
}
