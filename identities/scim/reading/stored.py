"""Users as answers, made from their stored texts: what depends on the reader or on others is put into the text.

No object is made for a user and its JSON is not read. It relies on how `identities.representation` writes: `meta` comes
last, before it the portal's extension, whose parts that are returned on request come last in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery, TextField, Value

from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA
from identities.filters.entries import Visibility
from identities.models import User
from identities.queries.compiled import Among, Compiled, Several
from identities.representation import RENDERING_VERSION, stored_text
from identities.representation.rendering import SCIM_BASE_PATH, compact_json
from identities.scim.wire.versions import user_tag

_EXTENSION_END: Final = '},"meta":{'
_EXTENSION_START: Final = f',"{PORTAL_SCHEMA}":{{'
_STATE: Final = '"state":"'
_LAST_SCHEMA: Final = f',"{PORTAL_SCHEMA}"]'


class UserRow(NamedTuple):
    """What an answer about a user is made of; `groups` is JSON: id and name of each that the client sees."""

    id: UUID
    version: int
    external_id: str | None
    rendering_version: int
    text: str
    manager: UUID | None
    manager_name: str | None
    groups: str | None

    @property
    def tag(self) -> str:
        """The user's version as the client sees it."""
        return user_tag(self.version, self.external_id)


class Made(NamedTuple):
    """A resource that was created; `row` is what its answer is made of, where that is known without reading it."""

    pk: UUID
    row: UserRow | None = None


class JsonPairs(Subquery):
    """The rows of a queryset with the columns `value` and `display`, as JSON: a list of pairs."""

    output_field = TextField()
    template = '(SELECT json_agg(json_build_array(pair."value", pair."display"))::text FROM (%(subquery)s) pair)'

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Its functions have other names."""
        template = '(SELECT json_group_array(json_array(pair."value", pair."display")) FROM (%(subquery)s) pair)'
        return self.as_sql(compiler, connection, template=template, **more)


def user_rows(users: "QuerySet[User]", eyes: Visibility, *, with_groups: bool = True) -> "QuerySet[Any]":
    """These users as rows that `UserRow` takes, in one statement.

    Args:
        users: each with `external_id`.
        eyes: through whose eyes managers and groups are seen.
        with_groups: for one user; for a page `GroupsOfPage` reads them as a set.
    """
    return with_names(users, eyes, with_groups=with_groups).values_list(
        "id",
        "version",
        "external_id",
        "rendering_version",
        "scim_text",
        "manager_id",
        "manager_name",
        "groups_seen",
    )


def with_names(users: "QuerySet[User]", eyes: Visibility, *, with_groups: bool = True) -> "QuerySet[User]":
    """These users with `manager_name` and `groups_seen`; arguments as for `user_rows`."""
    manager = eyes.seen_users.filter(pk=OuterRef("manager_id")).values("display_name")
    seen = eyes.seen_groups.filter(memberships__user_id=OuterRef("pk")).order_by("pk")
    groups = seen.values(value=F("pk"), display=F("display_name")) if with_groups else None
    groups_seen = JsonPairs(groups) if with_groups else Value(None, output_field=TextField())
    return users.annotate(manager_name=Subquery(manager), groups_seen=groups_seen)


class GroupsOfPage(Compiled):
    """The groups of many users, read as one row for each group: a page has far fewer groups than memberships."""

    def __init__(self, eyes: Visibility) -> None:
        """Compile."""
        hole = Several()
        groups = eyes.seen_groups.filter(Among("memberships__user_id", hole))
        rows = groups.values(owner=F("memberships__user_id"), value=F("pk"), display=F("display_name"))
        super().__init__(rows.values_list("value", "display", "owner"), {"users": hole})
        owners = """string_agg(pair."owner"::text, ' ')"""
        if connection.vendor != "postgresql":
            owners = """group_concat(pair."owner", ' ')"""
        columns = f'pair."value", min(pair."display"), {owners}'
        self.wrap(f'SELECT {columns} FROM ({{}}) pair GROUP BY pair."value" ORDER BY pair."value"', columns=1)  # noqa: S608  constants

    def entries(self, users: Sequence[UUID]) -> dict[str, str]:
        """The groups of each of these users that is in any, as the entries of a JSON list, by the user's id as text."""
        place = location("Groups", "")
        found: dict[str, list[str]] = defaultdict(list)
        for pk, name, owners in self.rows(users=list(users)):
            entry = _group(place, str(pk), name)
            for owner in owners.split(" "):
                found[owner].append(entry)
        # SQLite writes ids without hyphens. Making an id of each costs more than all else here.
        native = connection.features.has_native_uuid_field
        return {owner if native else str(UUID(owner)): ",".join(entries) for owner, entries in found.items()}


def user_texts(
    rows: Sequence[UserRow], groups: Mapping[str, str] | None = None, *, on_request: bool = False
) -> list[str]:
    """The users as JSON texts.

    Args:
        groups: those of the users whose rows do not have them (see `GroupsOfPage.entries`).
        on_request: with the attributes that are returned on request, for a projection to choose from.
    """
    stale = {row.id for row in rows if row.rendering_version != RENDERING_VERSION}
    fresh, groups = _fresh(stale) if stale else {}, groups or {}
    users, place = location("Users", ""), location("Groups", "")
    texts = []
    for row in rows:
        pk = str(row.id)
        text = fresh[row.id] if row.rendering_version != RENDERING_VERSION else row.text
        entries = _entries(place, row.groups) if row.groups else groups.get(pk, "")
        texts.append(_text(row, text, entries, users, pk, on_request=on_request))
    return texts


def location(endpoint: str, pk: UUID | str) -> str:
    """The address of a resource, made from the portal's public URL alone."""
    return f"{settings.PORTAL_PUBLIC_URL}{SCIM_BASE_PATH}/{endpoint}/{pk}"


def _fresh(stale: Iterable[UUID]) -> dict[UUID, str]:
    """Texts of users that were stored by an older rendering."""
    found = User.objects.filter(pk__in=stale).prefetch_related("multi_values")
    return {user.pk: stored_text(user, user.multi_values.all()) for user in found}


def _entries(place: str, groups: str) -> str:
    return ",".join([_group(place, *pair) for pair in orjson.loads(groups)])


def _text(row: UserRow, text: str, groups: str, users: str, pk: str, *, on_request: bool) -> str:
    """One user; `users` is the address of all of them, `groups` the entries of that attribute."""
    if not on_request:
        text = _without_unasked(text)
    if row.manager is not None:
        text = _with_manager(text, row.manager, row.manager_name, users)
    more = f',"groups":[{groups}]' if groups else ""
    return with_own(text, f"{users}{pk}", row.external_id, row.tag, more)


def with_own(text: str, address: str, external_id: str | None, tag: str, more: str = "") -> str:
    """The stored text of a user or group with its address, its version and the client's own id.

    Args:
        more: further attributes, as JSON with a comma before each.
    """
    escaped = tag.replace('"', '\\"')
    own = f',"externalId":{compact_json(external_id)}' if external_id else ""
    return f'{text[:-2]},"location":"{address}","version":"{escaped}"}}{own}{more}}}'


@lru_cache(maxsize=4096)
def _group(groups: str, group: str, name: str) -> str:
    """One of a user's groups (RFC 7643 section 4.1.2); SQLite writes ids without hyphens."""
    pk = group if "-" in group else UUID(group)
    return f'{{"value":"{pk}","$ref":"{groups}{pk}","display":{compact_json(name)},"type":"direct"}}'


def _without_unasked(text: str) -> str:
    """Without state and org unit, and without the portal's extension where nothing else is in it."""
    end = text.rindex(_EXTENSION_END)
    start = text.rindex(_STATE, 0, end)
    if text[start - 1] == ",":
        return text[: start - 1] + text[end:]
    head = text[: start - len(_EXTENSION_START)].replace(_LAST_SCHEMA, "]", 1)
    return head + text[end + 1 :]


def _with_manager(text: str, manager: UUID, name: str | None, users: str) -> str:
    """With the manager's address and name. One whom the client does not see is left out: not even its id is told."""
    pk = str(manager)
    stored = f'"manager":{{"value":"{pk}","$ref":"Users/{pk}"}}'
    if name is None:
        return _without_manager(text, stored)
    display = f',"displayName":{compact_json(name)}' if name else ""
    return text.replace(stored, f'"manager":{{"value":"{pk}","$ref":"{users}{pk}"{display}}}', 1)


def _without_manager(text: str, stored: str) -> str:
    alone = f',"{ENTERPRISE_SCHEMA}":{{{stored}}}'
    if alone in text:
        return text.replace(alone, "", 1).replace(f',"{ENTERPRISE_SCHEMA}"', "", 1)
    return text.replace(f",{stored}" if f",{stored}" in text else f"{stored},", "", 1)
