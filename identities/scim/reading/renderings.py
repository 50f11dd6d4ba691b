"""From rows to answers, in a constant number of statements however many objects there are.

What is asked for whole is put together from stored texts (`stored`); where attributes are chosen the text is read, and
what was chosen is written anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db.models import QuerySet

from identities.filters.attributes import PORTAL_SCHEMA
from identities.filters.entries import Visibility
from identities.models import ApiClient, Group, Membership, OrgUnit, User
from identities.representation import RENDERING_VERSION, group_stored_text
from identities.representation.rendering import compact_json
from identities.scim.reading.asked import find_group, find_user
from identities.scim.reading.members import NAME_OF_GROUPS, NAMES_OF_USERS, members_text, name_for_people
from identities.scim.reading.projection import Projection
from identities.scim.reading.stored import UserRow, location, user_rows, user_texts, with_own
from identities.scim.wire.versions import group_tag

GROUP_COLUMNS: Final = ("id", "version", "membership_version", "external_id", "rendering_version", "scim_text")

Form = dict[str, Any]


class Rendering(NamedTuple):
    """A resource as an answer: JSON text, with its version and its address."""

    text: str
    tag: str
    location: str

    @classmethod
    def of(cls, form: Form, wanted: Projection) -> "Rendering":
        """That of a whole resource, of which this is wanted."""
        meta = form["meta"]
        return cls(compact_json(wanted.apply(form)), meta["version"], meta["location"])


def read_user(client: ApiClient, pk: UUID, wanted: Projection) -> Rendering | None:
    """One user, if the client may reach it."""
    row = find_user(client, pk)
    return render_user(row, wanted) if row else None


def read_group(client: ApiClient, pk: UUID, wanted: Projection) -> Rendering | None:
    """One group, if the client sees it, with those of its members whom the client sees."""
    row = find_group(client, pk)
    if row is None:
        return None
    text = row.text if row.rendering_version == RENDERING_VERSION else _fresh_groups([pk])[pk]
    members = members_text(client, pk, row.membership_version, row.stamp) if wanted.wants("members") else "[]"
    address = location("Groups", pk)
    text = with_own(text, address, row.external_id, row.tag, f',"members":{members}' if members != "[]" else "")
    if not wanted.is_whole:
        text = compact_json(wanted.apply(orjson.loads(text)))
    return Rendering(text, row.tag, address)


def read_own(user: "QuerySet[User]", wanted: Projection) -> Rendering:
    """The one user of this queryset, with `external_id`, as it sees itself: with its manager and all of its groups."""
    return render_user(UserRow(*user_rows(user, Visibility()).get()), wanted)


def render_user(row: UserRow, wanted: Projection) -> Rendering:
    """The user that this row tells of."""
    [text] = page_texts([row], wanted)
    return Rendering(text, row.tag, location("Users", row.id))


def read_users(users: "QuerySet[User]", eyes: Visibility, wanted: Projection) -> list[str]:
    """The users of a page as JSON texts, in the page's order, as these eyes see them.

    Args:
        users: each with `external_id`.
        wanted: the attributes the answer is to have.
    """
    return page_texts([UserRow(*row) for row in user_rows(users, eyes)], wanted)


def page_texts(rows: Sequence[UserRow], wanted: Projection, groups: Mapping[str, str] | None = None) -> list[str]:
    """The users of a page as JSON texts, in the page's order, with the attributes that are wanted.

    Args:
        groups: as for `user_texts`.
    """
    if wanted.is_whole:
        return user_texts(rows, groups)
    forms = [orjson.loads(text) for text in user_texts(rows, groups, on_request=True)]
    if wanted.asks_for(PORTAL_SCHEMA, "orgUnit"):
        _add_org_units(forms)
    return [compact_json(wanted.apply(form)) for form in forms]


def read_groups(groups: "QuerySet[Group]", eyes: Visibility, wanted: Projection) -> list[str]:
    """The groups of a page as JSON texts, with those of their members who are seen; arguments as for `read_users`."""
    rows = list(groups.values_list(*GROUP_COLUMNS))
    fresh = _fresh_groups([row[0] for row in rows if row[4] != RENDERING_VERSION])
    forms: dict[UUID, Form] = {}
    for pk, version, membership_version, external_id, _rendering, text in rows:
        form = orjson.loads(fresh.get(pk, text))
        if external_id:
            form["externalId"] = external_id
        tag = group_tag(version, membership_version, external_id)
        form["meta"] |= {"location": location("Groups", pk), "version": tag}
        forms[pk] = form
    if wanted.wants("members"):
        _add_members(forms, eyes)
    return [compact_json(wanted.apply(form)) for form in forms.values()]


def _fresh_groups(stale: Sequence[UUID]) -> dict[UUID, str]:
    if not stale:
        return {}
    return {group.pk: group_stored_text(group) for group in Group.objects.filter(pk__in=stale)}


def _add_org_units(forms: Iterable[Form]) -> None:
    places = [place for form in forms if (place := form.get(PORTAL_SCHEMA, {}).get("orgUnit"))]
    if not places:
        return
    units = OrgUnit.objects.filter(pk__in={place["value"] for place in places}).order_by()
    names = {str(pk): {"code": code, "name": name} for pk, code, name in units.values_list("pk", "code", "name")}
    for place in places:
        place |= names.get(place["value"], {})


def _add_members(forms: Mapping[UUID, Form], eyes: Visibility) -> None:
    if not forms:
        return
    rows = Membership.objects.filter(group_id__in=list(forms)).order_by()
    users = rows.filter(eyes.of_users("user_id")).values_list("id", "group_id", "user_id", *NAMES_OF_USERS)
    groups = rows.filter(eyes.of_groups("member_group_id"))
    found = [(number, group, "User", pk, name_for_people(*names)) for number, group, pk, *names in users]
    found += [
        (number, group, "Group", pk, name)
        for number, group, pk, name in groups.values_list("id", "group_id", "member_group_id", NAME_OF_GROUPS)
    ]
    members: dict[UUID, list[Form]] = defaultdict(list)
    for _number, group, kind, pk, name in sorted(found):
        members[group].append(_member(kind, pk, name))
    for group, entries in members.items():
        forms[group]["members"] = entries


def _member(kind: str, pk: UUID, name: str) -> Form:
    return {"value": str(pk), "$ref": location(f"{kind}s", pk), "type": kind, "display": name}
