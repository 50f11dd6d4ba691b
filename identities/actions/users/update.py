"""Changing the values of users, as far as ownership allows."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import each, in_chunks, one
from identities.actions.guards import check_may_touch, check_superuser_stays
from identities.actions.user_changes import (
    Held,
    UserChange,
    hold_users,
    present,
    suspended_among,
    user_id_of,
    value_of,
    write_changes,
)
from identities.actions.users.arguments import Mode, MultiValues, UpdateResult, UserUpdate
from identities.actions.users.create import name_taken
from identities.actions.users.lookups import Lookups, clean_values, read_lookups
from identities.actions.users.multi_values import write_rows
from identities.actions.users.references import check_again, manager_loop
from identities.actions.users.unique_values import claim_unique
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import IdentityError, ValueOwned, VersionMismatch
from identities.models import User
from identities.queries.owner_orders import order_of
from identities.rules.attributes import DATES, MANAGER, USER_NAME, custom_name
from identities.rules.chains import closes_loop
from identities.rules.expiry import check_period
from identities.rules.ownership import may_write, owner_of, owners_after_write
from identities.rules.transitions import state_after_dates_changed
from identities.rules.values import stays
from identities.vocabulary import UserState, Verb


def update_user(
    user: User | UUID,
    *,
    actor: Actor,
    changes: Mapping[str, Any] | None = None,
    multi_values: MultiValues | None = None,
    mode: Mode = "skip",
    if_version: int | None = None,
    held: Held | None = None,
) -> UpdateResult:
    """Change values of a user.

    A value that is not named stays; one that already is as wanted is not written and changes no owner.

    Args:
        changes: our attribute names to values (see `UserAttributes`); an empty value clears.
        multi_values: SCIM names to all the rows the attribute should have.
        mode: `skip` leaves values that belong to an origin ranking above the actor's and names them in the result;
            `refuse` raises.
        if_version: refuse if the user has changed since this version.
        held: the user, where the caller holds it already.

    Raises:
        NotFound, VersionMismatch, ValueOwned (mode `refuse`), NotPermitted (`operator_protected`).
        Conflict: `user_name_taken`; `value_taken`, for a custom attribute that is unique.
        RuleViolation: a value is not allowed, refers to nobody, would close a circle of managers (`manager_loop`), or
            is another for what cannot change any more (`immutable`).
    """
    update = UserUpdate(user, changes or {}, multi_values or {}, mode, if_version)
    return one(update_users_many([update], actor=actor, held=held))


def update_users_many(
    updates: Sequence[UserUpdate], *, actor: Actor, verb: Verb = Verb.USER_CHANGED, held: Held | None = None
) -> list[UpdateResult | IdentityError]:
    """Change many users, in transactions of at most `CHUNK`; what `update_user` would raise stands in the place of
    the result.

    Each user may appear once.
    """
    return in_chunks(partial(_update, actor, verb, held), updates)


def _update(
    actor: Actor, verb: Verb, held: Held | None, updates: Sequence[UserUpdate]
) -> list[UpdateResult | IdentityError]:
    ids = [user_id_of(update.user) for update in updates]
    held = held or hold_users(ids)
    users, rows = held.users, held.rows
    lookups = read_lookups([update.changes for update in updates])
    dated = {user for user, update in zip(ids, updates, strict=True) if any(day in update.changes for day in DATES)}
    suspended = suspended_among(dated) if dated else set()
    changes: list[UserChange] = []

    def step(update: UserUpdate) -> UpdateResult:
        user = user_id_of(update.user)
        change = UserChange(present(users, user), rows[user], verb)
        kept = _apply(change, update, lookups, actor, suspended=user in suspended)
        # Whoever holds the user goes on with what was written.
        rows[user] = change.rows
        if change.differences:
            changes.append(change)
        return UpdateResult(change.user, tuple(change.differences), kept)

    results = each(step, updates)
    write_changes(changes, actor=actor)
    check_again(changes)
    return results


def _apply(
    change: UserChange, update: UserUpdate, lookups: Lookups, actor: Actor, *, suspended: bool
) -> tuple[str, ...]:
    user = change.user
    check_may_touch(user, actor)
    if update.if_version is not None and update.if_version != user.version:
        message = _("This user has been changed by somebody else in the meantime.")
        raise VersionMismatch("version_mismatch", message, version=user.version)
    dates = (user.start_date, user.end_date)
    kept: dict[str, str] = {}
    for attribute, value in clean_values(update.changes, lookups).items():
        if _stays(change, attribute, value, lookups, actor) or not write_value(change, attribute, value, actor.origin):
            kept[attribute] = user.owners.get(attribute, user.default_origin)
    for attribute, wanted in update.multi_values.items():
        kept |= write_rows(change, attribute, wanted, actor.origin)
    if kept and update.mode == "refuse":
        raise _owned(*next(iter(kept.items())))
    follow_dates(change, dates, suspended=suspended)
    claim_references(change, lookups)
    if kept:
        change.note["kept"] = list(kept)
    return tuple(kept)


def _stays(change: UserChange, attribute: str, value: Any, lookups: Lookups, actor: Actor) -> bool:
    """Whether the declaration of a custom attribute keeps its value as it is (raises RuleViolation)."""
    definition = lookups.definitions.get((custom_name(attribute) or "").lower())
    return definition is not None and stays(definition, value_of(change.user, attribute), value, actor.origin)


def write_value(change: UserChange, attribute: str, value: Any, origin: str, *, override: bool = False) -> bool:
    """Write one value if `origin` may (or overrides); False if it was kept. See `claim_references` for what follows."""
    user = change.user
    before = value_of(user, attribute)
    if before == value:
        return True
    owner = owner_of(attribute, before, user.owners, user.default_origin)
    if not override and not may_write(origin, owner, order_of(attribute)):
        return False
    change.put(attribute, value)
    owners = owners_after_write(attribute, value, user.owners, user.default_origin, origin)
    if owners != user.owners:
        user.owners = owners
        change.columns.add("owners")
    return True


def claim_references(change: UserChange, lookups: Lookups) -> None:
    """Take a new user name, a new manager and values that are unique, and let the rest of the chunk know. Last, so that
    a change refused for another reason takes nothing from anybody.

    Raises:
        Conflict: `user_name_taken`, `value_taken`. RuleViolation: `manager_loop`.
    """
    user = change.user
    if MANAGER in change.differences and closes_loop(user.pk, user.manager_id, lookups.managers):
        raise manager_loop(user)
    key = fold(user.user_name)
    if USER_NAME in change.differences and lookups.name_holders.get(key, user.pk) != user.pk:
        raise name_taken(user.user_name)
    claim_unique(user, change.differences, lookups.holders, lookups.definitions.values())
    if USER_NAME in change.differences:
        lookups.name_holders[key] = user.pk
    if user.pk in lookups.managers:
        lookups.managers[user.pk] = user.manager_id


def follow_dates(change: UserChange, before: tuple[Any, Any], *, suspended: bool) -> None:
    """Bring the state in line when start or end date changed from `before`.

    Raises RuleViolation (`ends_before_start`, `last_superuser`).
    """
    user = change.user
    after = (user.start_date, user.end_date)
    if before == after:
        return
    check_period(*after)
    today, left_by_date = timezone.localdate(), user.left_by_date
    state = state_after_dates_changed(UserState(user.state), before, after, today, left_by_date=left_by_date)
    if state != user.state:
        if state != UserState.ACTIVE:
            check_superuser_stays(user, (user.pk,))
        change.enter(state, suspended=suspended, by_date=True)


def _owned(attribute: str, owner: str) -> ValueOwned:
    message = _("%(attribute)s belongs to %(owner)s.") % {"attribute": attribute, "owner": owner}
    return ValueOwned("value_owned", message, field=attribute, owner=owner)
