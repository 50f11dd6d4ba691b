"""The members of a group as JSON text: read once, and kept until the group, a name or the sight of a client changes.

What is kept is found by the reader, the group, its membership version and its stamp (`models.GroupStamp`), all of them
read from the database for each request: nothing that is out of date is ever found, and nothing has to be thrown away.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, Final
from uuid import UUID

from identities.models import ApiClient, Membership
from identities.queries.compiled import Compiled, id_hole
from identities.representation.rendering import compact_json
from identities.scim.callers.visibility import eyes, members_key
from identities.scim.in_process import is_undone
from identities.scim.reading.asked import kept
from identities.scim.reading.stored import location

# Characters of text that a process keeps; the group that was not read for the longest time goes first.
KEPT_CHARACTERS: Final = 16_000_000
_NAMES: Final = ("display_name", "formatted_name", "given_name", "family_name", "user_name")
NAMES_OF_USERS: Final = tuple(f"user__{name}" for name in _NAMES)
NAME_OF_GROUPS: Final = "member_group__display_name"


class MemberTexts:
    """The texts of this process."""

    def __init__(self) -> None:
        self._texts: OrderedDict[Hashable, str] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> str | None:
        """The text that is kept under this key."""
        with self._lock:
            text = self._texts.get(key)
            if text is not None:
                self._texts.move_to_end(key)
            return text

    def keep(self, key: Hashable, text: str) -> None:
        """Keep a text, at the expense of others."""
        if len(text) > KEPT_CHARACTERS:
            return
        with self._lock:
            self._characters += len(text) - len(self._texts.pop(key, ""))
            self._texts[key] = text
            while self._characters > KEPT_CHARACTERS:
                self._characters -= len(self._texts.popitem(last=False)[1])


texts: Final = MemberTexts()


def members_text(client: ApiClient, group: UUID, membership_version: int, stamp: int) -> str:
    """Those members of a group whom the client sees, as a JSON list.

    Args:
        membership_version, stamp: the group's, read before: what is newer may be read now, never what is older.
    """
    reader = members_key(client)
    key = (reader, group, membership_version, stamp)
    text = texts.find(key) if reader else None
    if text is None:
        users, groups = kept(client, "members", lambda: _members(client))
        text = f"[{','.join(_written(users.rows(group=group), groups.rows(group=group)))}]"
        # In a transaction that is undone the numbers are used that the next change gets, too.
        if reader and not is_undone():
            texts.keep(key, text)
    return text


def _members(client: ApiClient) -> tuple[Compiled, Compiled]:
    """Of users and of groups: one condition for both would have PostgreSQL look at everybody the client sees."""
    hole, seen = id_hole(), eyes(client)
    rows = Membership.objects.filter(group_id=hole).order_by()
    users = rows.filter(seen.of_users("user_id")).values_list("id", "user_id", *NAMES_OF_USERS)
    groups = rows.filter(seen.of_groups("member_group_id")).values_list("id", "member_group_id", NAME_OF_GROUPS)
    return Compiled(users, {"group": hole}), Compiled(groups, {"group": hole})


def _written(users: Iterable[tuple[Any, ...]], groups: Iterable[tuple[Any, ...]]) -> Iterable[str]:
    """The members as JSON, users and groups in the order in which they came."""
    people, others = location("Users", ""), location("Groups", "")
    named = [(number, "User", people, pk, name_for_people(*names)) for number, pk, *names in users]
    named += [(number, "Group", others, pk, name) for number, pk, name in groups]
    for _number, kind, place, pk, display in sorted(named):
        yield f'{{"value":"{pk}","$ref":"{place}{pk}","type":"{kind}","display":{compact_json(display)}}}'


def name_for_people(display: str, formatted: str, given: str, family: str, user_name: str) -> str:
    """As `User.name_for_people`, from the columns `NAMES_OF_USERS`."""
    return display or formatted or f"{given} {family}".strip() or user_name
