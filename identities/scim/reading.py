"""From stored texts to answers, in a constant number of statements however many objects there are.

What depends on the reader or on other objects is added here: externalId, location, version, groups, members, names of
managers and org units.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db.models import Q, QuerySet

from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA
from identities.filters.entries import Visibility
from identities.models import Group, Membership, OrgUnit, User
from identities.representation import RENDERING_VERSION, group_stored_text, stored_text
from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.projection import Projection
from identities.scim.versions import group_tag, user_tag

USER_COLUMNS: Final = ("id", "version", "external_id", "rendering_version", "scim_text")
GROUP_COLUMNS: Final = ("id", "version", "membership_version", "external_id", "rendering_version", "scim_text")
_NAME_COLUMNS: Final = ("display_name", "formatted_name", "given_name", "family_name", "user_name")

Form = dict[str, Any]


def read_users(users: "QuerySet[User]", eyes: Visibility, wanted: Projection) -> list[Form]:
    """The users of a page in SCIM form, in the page's order.

    Args:
        users: each with `external_id`.
        eyes: through whose eyes managers and groups are seen.
        wanted: what is worth looking up; the caller applies it.
    """
    rows = list(users.values_list(*USER_COLUMNS))
    fresh = _fresh_users([pk for pk, _, _, version, _ in rows if version != RENDERING_VERSION])
    forms: dict[UUID, Form] = {}
    for pk, version, external_id, _rendering, text in rows:
        form = orjson.loads(fresh.get(pk, text))
        _add_own(form, "Users", external_id, user_tag(version, external_id))
        forms[pk] = form
    if wanted.wants("groups"):
        _add_groups(forms, eyes)
    if wanted.wants(ENTERPRISE_SCHEMA):
        _add_managers(forms.values(), eyes)
    if wanted.asks_for(PORTAL_SCHEMA, "orgUnit"):
        _add_org_units(forms.values())
    return list(forms.values())


def read_groups(groups: "QuerySet[Group]", eyes: Visibility, wanted: Projection) -> list[Form]:
    """The groups of a page in SCIM form, with those of their members who are seen; arguments as above."""
    rows = list(groups.values_list(*GROUP_COLUMNS))
    fresh = _fresh_groups([row[0] for row in rows if row[4] != RENDERING_VERSION])
    forms: dict[UUID, Form] = {}
    for pk, version, membership_version, external_id, _rendering, text in rows:
        form = orjson.loads(fresh.get(pk, text))
        _add_own(form, "Groups", external_id, group_tag(version, membership_version, external_id))
        forms[pk] = form
    if wanted.wants("members"):
        _add_members(forms, eyes)
    return list(forms.values())


def location(endpoint: str, pk: UUID | str) -> str:
    """The address of a resource, made from the portal's public URL alone."""
    return f"{settings.PORTAL_PUBLIC_URL}{SCIM_BASE_PATH}/{endpoint}/{pk}"


def _add_own(form: Form, endpoint: str, external_id: str | None, tag: str) -> None:
    if external_id:
        form["externalId"] = external_id
    form["meta"] |= {"location": location(endpoint, form["id"]), "version": tag}


def _fresh_users(stale: Sequence[UUID]) -> dict[UUID, str]:
    """Texts of users that were stored by an older rendering."""
    if not stale:
        return {}
    users = User.objects.filter(pk__in=stale).prefetch_related("multi_values")
    return {user.pk: stored_text(user, user.multi_values.all()) for user in users}


def _fresh_groups(stale: Sequence[UUID]) -> dict[UUID, str]:
    if not stale:
        return {}
    return {group.pk: group_stored_text(group) for group in Group.objects.filter(pk__in=stale)}


def _add_groups(forms: Mapping[UUID, Form], eyes: Visibility) -> None:
    """The groups each user is a direct member of (RFC 7643 section 4.1.2), as far as they are seen."""
    if not forms:
        return
    seen = eyes.seen_groups.values("pk")
    memberships = Membership.objects.filter(user_id__in=list(forms), group_id__in=seen).order_by("group_id")
    for user, group, name in memberships.values_list("user_id", "group_id", "group__display_name"):
        entry = {"value": str(group), "$ref": location("Groups", group), "display": name, "type": "direct"}
        forms[user].setdefault("groups", []).append(entry)


def _add_managers(forms: Iterable[Form], eyes: Visibility) -> None:
    """The managers' names and addresses. One who is not seen is left out: not even its id is told."""
    managed = [form for form in forms if "manager" in form.get(ENTERPRISE_SCHEMA, {})]
    if not managed:
        return
    seen = eyes.seen_users.filter(pk__in={form[ENTERPRISE_SCHEMA]["manager"]["value"] for form in managed})
    names = {str(pk): name for pk, name in seen.values_list("pk", "display_name")}
    for form in managed:
        manager = form[ENTERPRISE_SCHEMA]["manager"]
        if manager["value"] not in names:
            _leave_manager_out(form)
            continue
        manager["$ref"] = location("Users", manager["value"])
        if name := names[manager["value"]]:
            manager["displayName"] = name


def _leave_manager_out(form: Form) -> None:
    del form[ENTERPRISE_SCHEMA]["manager"]
    if not form[ENTERPRISE_SCHEMA]:
        del form[ENTERPRISE_SCHEMA]
        form["schemas"].remove(ENTERPRISE_SCHEMA)


def _add_org_units(forms: Iterable[Form]) -> None:
    places = [place for form in forms if (place := form.get(PORTAL_SCHEMA, {}).get("orgUnit"))]
    if not places:
        return
    units = OrgUnit.objects.filter(pk__in={place["value"] for place in places}).order_by()
    names = {str(pk): {"code": code, "name": name} for pk, code, name in units.values_list("pk", "code", "name")}
    for place in places:
        place |= names.get(place["value"], {})


@dataclass(frozen=True, slots=True)
class _Person:
    """The columns a member's name is made of."""

    display_name: str
    formatted_name: str
    given_name: str
    family_name: str
    user_name: str

    @property
    def name(self) -> str:
        """As `User.name_for_people`."""
        return (
            self.display_name
            or self.formatted_name
            or f"{self.given_name} {self.family_name}".strip()
            or self.user_name
        )


def _add_members(forms: Mapping[UUID, Form], eyes: Visibility) -> None:
    if not forms:
        return
    users, groups = eyes.seen_users.values("pk"), eyes.seen_groups.values("pk")
    memberships = Membership.objects.filter(
        Q(user_id__in=users) | Q(member_group_id__in=groups), group_id__in=list(forms)
    ).order_by("id")
    names = [f"user__{column}" for column in _NAME_COLUMNS]
    members: dict[UUID, list[Form]] = defaultdict(list)
    for group, user, member_group, group_name, *columns in memberships.values_list(
        "group_id", "user_id", "member_group_id", "member_group__display_name", *names
    ):
        if user is not None:
            members[group].append(_member("User", user, _Person(*columns).name))
        else:
            members[group].append(_member("Group", member_group, group_name))
    for group, entries in members.items():
        forms[group]["members"] = entries


def _member(kind: str, pk: UUID, name: str) -> Form:
    return {"value": str(pk), "$ref": location(f"{kind}s", pk), "type": kind, "display": name}
