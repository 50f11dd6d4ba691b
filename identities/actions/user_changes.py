"""Changing users: load and lock them, collect what changes, and write all of it at once.

Every action on users goes through here, so that stored text, version, time of change, folded columns, audit entry and
change event never part.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from identities import audit
from identities.actions.row_writing import update_columns, with_folded
from identities.actions.telling import tell_all
from identities.actors import Actor
from identities.errors import NotFound
from identities.models import MultiValue, Suspension, User
from identities.outbox import Announcement
from identities.queries.compiled import Among, CompiledObjects, Several
from identities.queries.statements import Written, stamp_groups
from identities.representation import RENDERING_VERSION, stored_text
from identities.rules.transitions import is_active
from identities.vocabulary import EventKind, ObjectType, UserState, Verb

_ALWAYS = frozenset({"version", "modified_at", "scim_text", "rendering_version"})
# What `User.name_for_people` is made of.
NAMES: Final = frozenset({"display_name", "formatted_name", "given_name", "family_name", "user_name"})
_COLUMN_OF = {"manager": "manager_id", "org_unit": "org_unit_id"}


@dataclass(slots=True)
class UserChange:
    """One user on the way from one state to the next.

    Attributes:
        user: the locked row, changed in place.
        rows: the multi-valued rows as they will be.
        differences: our attribute names to `(old, new)`: what the audit trail and the event tell.
        columns: the columns to write besides those that are always written.
        unsaved, stale, gone: rows of `rows` to insert, rows of `rows` to update, and ids to delete.
        note: more for the audit entry.
    """

    user: User
    rows: list[MultiValue]
    verb: Verb
    event: EventKind = EventKind.USER_CHANGED
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    unsaved: list[MultiValue] = field(default_factory=list)
    stale: list[MultiValue] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)
    urgent: bool = False

    def put(self, attribute: str, value: Any) -> None:
        """Give a single-valued attribute its new value and keep the difference."""
        before = value_of(self.user, attribute)
        if attribute.startswith("custom."):
            name = attribute.partition(".")[2]
            others = {key: each for key, each in self.user.custom.items() if key != name}
            self.user.custom = others if value is None else {**others, name: value}
            self.columns.add("custom")
        else:
            column = _COLUMN_OF.get(attribute, attribute)
            setattr(self.user, column, value)
            self.columns.add(column)
        if attribute in _COLUMN_OF:
            self.facts[attribute] = audit.plain(before)
        self.differences[attribute] = (audit.plain(before), audit.plain(value))

    def enter(self, state: UserState, *, suspended: bool, by_date: bool = False) -> None:
        """Move the user to another state of the lifecycle, and derive `active` from it.

        Args:
            by_date: a date calls for it, and so may undo it.
        """
        self.put("state", str(state))
        self.user.left_by_date = by_date and state == UserState.DEPROVISIONED
        self.columns.add("left_by_date")
        self.settle_active(suspended=suspended)

    def settle_active(self, *, suspended: bool) -> None:
        """Derive `active` from state, suspensions and deletion; when it turns false, every session ends with the same
        UPDATE.
        """
        user = self.user
        active = is_active(UserState(user.state), suspended=suspended, deleted=user.deleted_at is not None)
        if active == user.active:
            return
        self.put("active", active)
        if not active:
            self.end_sessions()
            self.urgent = True

    def end_sessions(self) -> None:
        """Make every session and token of the user worthless."""
        self.user.session_epoch += 1
        self.columns.add("session_epoch")


def value_of(user: User, attribute: str) -> Any:
    """The value of a single-valued attribute; references as ids, a custom attribute without a value as None."""
    if attribute.startswith("custom."):
        return user.custom.get(attribute.partition(".")[2])
    return getattr(user, _COLUMN_OF.get(attribute, attribute))


def user_id_of(user: User | UUID) -> UUID:
    """The id of a user given as object or id."""
    return user.pk if isinstance(user, User) else user


def lock_users(users: Collection[UUID]) -> dict[UUID, User]:
    """The users with these ids, locked in the order of their ids so that two batches cannot wait for each other.

    Like every lock of an action it is not a lock of the key (PostgreSQL's FOR NO KEY UPDATE): rows that refer to this
    one (a membership, a report) can be written meanwhile, which otherwise ends in deadlocks.
    """
    return {user.pk: user for user in _locked_users().objects(users=list(users))}


@dataclass(frozen=True, slots=True)
class Held:
    """Users whom the caller has locked and read in this transaction, with their multi-valued rows, so that no action of
    the same request does it again. Objects are changed in place.
    """

    users: dict[UUID, User]
    rows: dict[UUID, list[MultiValue]]


def hold_users(users: Collection[UUID]) -> Held:
    """Lock and read these users (see `lock_users`)."""
    return Held(lock_users(users), read_rows(users))


def read_rows(users: Collection[UUID]) -> dict[UUID, list[MultiValue]]:
    """The multi-valued rows of these users, in order."""
    rows: dict[UUID, list[MultiValue]] = {user: [] for user in users}
    for row in _multi_values().objects(users=list(users)):
        rows[row.user_id].append(row)
    return rows


@cache
def _locked_users() -> CompiledObjects:
    among = Several()
    users = User.objects.select_for_update(no_key=True).filter(Among("pk", among)).order_by("pk")
    return CompiledObjects(users, {"users": among})


@cache
def _multi_values() -> CompiledObjects:
    among = Several()
    rows = MultiValue.objects.filter(Among("user_id", among)).order_by("user_id", "attribute", "position", "id")
    return CompiledObjects(rows, {"users": among})


def suspended_among(users: Collection[UUID]) -> set[UUID]:
    """Which of these users somebody has suspended."""
    return set(Suspension.objects.filter(user_id__in=users).values_list("user_id", flat=True))


def present(users: dict[UUID, User], user: UUID) -> User:
    """The user with this id if it exists and is not deleted; raises NotFound, code `user_not_found`."""
    found = users.get(user)
    if found is None or found.deleted_at is not None:
        raise NotFound("user_not_found", f"There is no user {user}.", user=str(user))
    return found


def write_changes(changes: Sequence[UserChange], *, actor: Actor) -> None:
    """Write changed users: rows, stored text and version in one UPDATE each set, then audit entries and events."""
    if not changes:
        return
    _write_rows(changes)
    for change in changes:
        change.user.version += 1
        render(change)
    columns = {name.removesuffix("_id") for change in changes for name in change.columns}
    users = list(dict.fromkeys(change.user for change in changes))
    # How these people are called as members of groups.
    stamp_groups([change.user.pk for change in changes if not NAMES.isdisjoint(change.differences)])
    tell(changes, actor=actor, written=[Written(users, with_folded(User, columns | _ALWAYS))])


def render(change: UserChange, at: datetime | None = None) -> None:
    """Give the user its time of change (now, if not told) and its stored text."""
    change.user.modified_at = at or timezone.now()
    change.user.scim_text = stored_text(change.user, change.rows)
    change.user.rendering_version = RENDERING_VERSION


def tell(changes: Sequence[UserChange], *, actor: Actor, written: Sequence[Written] = ()) -> None:
    """Write the audit entry and the change event of every change, and with them what is still to be written."""
    tell_all(
        [audit.AuditRow(change.verb, change.user, change.differences, change.note) for change in changes],
        [
            Announcement(
                change.event,
                ObjectType.USER,
                change.user.pk,
                tuple(change.differences),
                change.facts,
                change.urgent,
            )
            for change in changes
        ],
        actor=actor,
        written=written,
    )


def _write_rows(changes: Sequence[UserChange]) -> None:
    gone = [row for change in changes for row in change.gone]
    stale = [row for change in changes for row in change.stale]
    unsaved = [row for change in changes for row in change.unsaved]
    if gone:
        MultiValue.objects.filter(pk__in=gone).delete()
    if stale:
        # One primary at a time: the old one steps down before the new one is named.
        MultiValue.objects.filter(pk__in=[row.pk for row in stale], primary=True).update(primary=False)
        update_columns(stale, {"value", "type", "display", "primary", "data", "origin", "position"})
    if unsaved:
        MultiValue.objects.bulk_create(unsaved)
