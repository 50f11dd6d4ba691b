"""The documents of many users, groups or org units: what filters in memory and mapping expressions see of them.

A user's document is the user's SCIM form without per-client parts, completed by `identities.representation.document`:

- `enterprise`, `custom`, `primary_email`;
- `manager`: `id`, `userName`, `displayName`, `primary_email`, `employeeNumber`; None without one, or if deleted;
- `groups`: the direct ones, each `id`, `value` (the same), `display`, `type` "direct", as SCIM filters see them;
- `all_groups`: these and those they are nested in, with `type` "direct" or "indirect";
- `org_unit`: `id`, `code`, `name`, and from the top down to it `path` (names) and `codes`; None without one.

An org unit's document is what people see of it, with `parent` and `manager`, each `id` or None without one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from identities.filters.attributes import ENTERPRISE_SCHEMA
from identities.models import Group, OrgUnit, User
from identities.queries.compiled import Among, CompiledObjects, Several
from identities.queries.org_tree import org_paths
from identities.queries.recursion import groups_of_users
from identities.representation import RENDERING_VERSION, document, group_stored_text, stored_text
from identities.representation.document import primary_value

_BATCH = 2000
_Groups = list[dict[str, Any]]


def load_documents(user_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The documents of these users, deleted ones too, in a constant number of statements for every 2000."""
    documents: dict[UUID, dict[str, Any]] = {}
    for ids in _batches(user_ids):
        users = _users(ids)
        paths = org_paths({user.org_unit_id for user in users if user.org_unit_id is not None})
        documents |= documents_of(users, paths)
    return documents


def documents_of(users: Sequence[User], paths: Mapping[UUID, Sequence[OrgUnit]]) -> dict[UUID, dict[str, Any]]:
    """The documents of users who were read already, in a constant number of statements; for at most 2000.

    Args:
        paths: by org unit, the units from the top down to it.
    """
    managers = {user.pk: user for user in _users({user.manager_id for user in users if user.manager_id is not None})}
    forms = _forms({user.pk: user for user in (*users, *managers.values())})
    groups = _groups([user.pk for user in users])
    units = {unit: _unit(path) for unit, path in paths.items()}
    return {
        user.pk: {
            **document(
                forms[user.pk],
                groups=[each for each in groups.get(user.pk, ()) if each["type"] == "direct"],
                manager=_manager(managers.get(user.manager_id), forms),
                org_unit=units.get(user.org_unit_id),
            ),
            "all_groups": groups.get(user.pk, []),
        }
        for user in users
    }


def load_group_documents(group_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The documents of these groups, deleted ones too: the SCIM form without members, and `description`."""
    documents: dict[UUID, dict[str, Any]] = {}
    for ids in _batches(group_ids):
        documents |= {group.pk: group_document(group) for group in Group.objects.filter(pk__in=ids)}
    return documents


def group_document(group: Group) -> dict[str, Any]:
    """The document of a group that was read already."""
    text = group.scim_text if group.rendering_version == RENDERING_VERSION else group_stored_text(group)
    return {**orjson.loads(text), "description": group.description or None}


def load_org_unit_documents(unit_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The documents of these org units, deleted ones too."""
    documents: dict[UUID, dict[str, Any]] = {}
    for ids in _batches(unit_ids):
        own = {unit.pk: unit for unit in OrgUnit.objects.without_tree_fields().filter(pk__in=ids)}
        above = org_paths({unit.parent_id for unit in own.values() if unit.parent_id is not None})
        for unit in own.values():
            documents[unit.pk] = {
                **_unit([*above.get(unit.parent_id, ()), unit]),
                "parent": {"id": str(unit.parent_id)} if unit.parent_id else None,
                "manager": {"id": str(unit.manager_id)} if unit.manager_id else None,
            }
    return documents


def _users(ids: Collection[UUID]) -> list[User]:
    """What a document needs of these users."""
    return _users_by_id().objects(users=list(ids)) if ids else []


@cache
def _users_by_id() -> CompiledObjects:
    users = Several()
    columns = ("scim_text", "rendering_version", "manager_id", "org_unit_id", "deleted_at")
    found = User.objects.get_queryset().filter(Among("pk", users)).order_by().only(*columns)
    return CompiledObjects(found, {"users": users})


def _forms(users: Mapping[UUID, User]) -> dict[UUID, dict[str, Any]]:
    """The users' SCIM forms, rendered anew where the stored text is of another version."""
    outdated = [pk for pk, user in users.items() if user.rendering_version != RENDERING_VERSION]
    texts = {pk: user.scim_text for pk, user in users.items()}
    if outdated:
        whole = User.objects.get_queryset().filter(pk__in=outdated).prefetch_related("multi_values")
        texts |= {user.pk: stored_text(user, user.multi_values.all()) for user in whole}
    return {pk: orjson.loads(text) for pk, text in texts.items()}


def _groups(users: Sequence[UUID]) -> dict[UUID, _Groups]:
    found: dict[UUID, _Groups] = {}
    for user, group, name, direct in groups_of_users(users):
        entry = {
            "id": str(group),
            "value": str(group),
            "display": name,
            "type": "direct" if direct else "indirect",
        }
        found.setdefault(user, []).append(entry)
    return found


def _manager(manager: User | None, forms: Mapping[UUID, Mapping[str, Any]]) -> dict[str, Any] | None:
    if manager is None or manager.deleted_at is not None:
        return None
    form = forms[manager.pk]
    return {
        "id": form["id"],
        "userName": form["userName"],
        "displayName": form.get("displayName"),
        "primary_email": primary_value(form.get("emails", ())),
        "employeeNumber": form.get(ENTERPRISE_SCHEMA, {}).get("employeeNumber"),
    }


def _unit(path: Sequence[OrgUnit]) -> dict[str, Any]:
    own = path[-1]
    return {
        "id": str(own.pk),
        "code": own.code,
        "name": own.name,
        "path": [each.name for each in path],
        "codes": [each.code for each in path],
    }


def _batches(ids: Collection[UUID]) -> Iterable[list[UUID]]:
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), _BATCH):
        yield wanted[start : start + _BATCH]
