"""What clients ask over and over, compiled once for each client that is remembered (see `verdicts`).

The statements are kept with the client as it was read: what it may see changes with it, and so do they.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from identities.models import ApiClient, ClientTally, GroupStamp
from identities.queries.compiled import Among, Compiled, CompiledObjects, Several, id_hole
from identities.scim.callers.visibility import eyes, reachable_users, seen_groups, seen_users
from identities.scim.reading.stored import UserRow, user_rows, with_names
from identities.scim.wire.versions import group_tag, user_tag

_MOST: Final = 200
Statement = TypeVar("Statement")


def find_user(client: ApiClient, pk: UUID) -> UserRow | None:
    """The person, if the client may reach it; one statement."""
    rows = kept(client, "user by id", lambda: _user_by_id(client)).rows(id=pk)
    return UserRow(*rows[0]) if rows else None


def find_user_tag(client: ApiClient, pk: UUID) -> str | None:
    """The person's version, if the client may reach it."""
    rows = kept(client, "user tag", lambda: _user_tag(client)).rows(id=pk)
    return user_tag(*rows[0]) if rows else None


class GroupRow(NamedTuple):
    """What an answer about a group is made of, without its members."""

    id: UUID
    version: int
    membership_version: int
    external_id: str | None
    rendering_version: int
    text: str
    stamp: int

    @property
    def tag(self) -> str:
        """The group's version as the client sees it."""
        return group_tag(self.version, self.membership_version, self.external_id)


def find_group(client: ApiClient, pk: UUID) -> GroupRow | None:
    """The group, if the client sees it; one statement."""
    rows = kept(client, "group by id", lambda: _group_by_id(client)).rows(id=pk)
    return GroupRow(*rows[0]) if rows else None


def find_group_tag(client: ApiClient, pk: UUID) -> str | None:
    """The group's version, if the client sees it."""
    row = find_group(client, pk)
    return row.tag if row else None


def number_of_users(client: ApiClient) -> int:
    """How many people the client sees, if they are tallied (see `visibility.is_tallied`)."""
    rows = kept(client, "number of users", lambda: _tally(client)).rows()
    return int(rows[0][0]) if rows else 0


def lock_user(client: ApiClient, pk: UUID) -> Any:
    """The person, locked, with `known_id` and `external_id`; None if the client may not reach it."""
    found = kept(client, "user to write", lambda: _locked(reachable_users(client))).objects(id=pk)
    return found[0] if found else None


def lock_named_user(client: ApiClient, pk: UUID) -> Any:
    """`lock_user` with `manager_name` and `groups_seen`, so that the answer needs no further statement.

    They are as of the statement's start. Where it had to wait for the lock, the person may have got another manager
    since: one without a name here is to be looked up again.
    """
    found = kept(client, "user to change", lambda: _locked(with_names(reachable_users(client), eyes(client))))
    users = found.objects(id=pk)
    return users[0] if users else None


def names_of_managers(client: ApiClient, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Those of these users whom the client sees, and how they are called as managers."""
    return dict(kept(client, "managers among", lambda: _managers(client)).rows(ids=list(ids)))  # type: ignore[arg-type]  # pairs


def lock_group(client: ApiClient, pk: UUID) -> Any:
    """The group, locked, with `known_id` and `external_id`; None if the client does not see it."""
    found = kept(client, "group to write", lambda: _locked(seen_groups(client))).objects(id=pk)
    return found[0] if found else None


def seen_among(client: ApiClient, ids: Sequence[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Which of these are users whom the client sees, and which of the others groups that it sees."""
    users = {pk for (pk,) in kept(client, "users among", lambda: _among(seen_users(client))).rows(ids=list(ids))}
    left = [pk for pk in ids if pk not in users]
    if not left:
        return users, set()
    return users, {pk for (pk,) in kept(client, "groups among", lambda: _among(seen_groups(client))).rows(ids=left)}


def kept(client: ApiClient, name: object, compile_: Callable[[], Statement]) -> Statement:
    """The client's statement of this name, compiled now if it is not yet."""
    statements: dict[object, Any] = client.__dict__.setdefault("_statements", {})
    if name not in statements:
        if len(statements) >= _MOST:
            statements.clear()
        statements[name] = compile_()
    found: Statement = statements[name]
    return found


def _user_by_id(client: ApiClient) -> Compiled:
    pk = id_hole()
    return Compiled(user_rows(reachable_users(client).filter(pk=pk).order_by(), eyes(client)), {"id": pk})


def _locked(objects: "QuerySet[Any]") -> CompiledObjects:
    pk = id_hole()
    found = objects.filter(pk=pk).order_by().select_for_update(of=("self",), no_key=True)
    return CompiledObjects(found, {"id": pk})


def _among(objects: "QuerySet[Any]") -> Compiled:
    ids = Several()
    return Compiled(objects.filter(Among("pk", ids)).order_by().values_list("pk"), {"ids": ids})


def _managers(client: ApiClient) -> Compiled:
    ids = Several()
    managers = seen_users(client).filter(Among("pk", ids)).order_by()
    return Compiled(managers.values_list("pk", "display_name"), {"ids": ids})


def _user_tag(client: ApiClient) -> Compiled:
    pk = id_hole()
    users = reachable_users(client).filter(pk=pk).order_by()
    return Compiled(users.values_list("version", "external_id"), {"id": pk})


def _group_by_id(client: ApiClient) -> Compiled:
    pk = id_hole()
    stamps = GroupStamp.objects.filter(group=OuterRef("pk")).order_by().values("group")
    stamp = Coalesce(Subquery(stamps.annotate(sum=Sum("number")).values("sum")), 0, output_field=IntegerField())
    columns = ("id", "version", "membership_version", "external_id", "rendering_version", "scim_text", "stamp")
    groups = seen_groups(client).filter(pk=pk).order_by().annotate(stamp=stamp)
    return Compiled(groups.values_list(*columns), {"id": pk})


def _tally(client: ApiClient) -> Compiled:
    slots = ClientTally.objects.filter(client=client.pk).order_by().values("client")
    return Compiled(slots.annotate(sum=Sum("people")).values_list("sum"))
