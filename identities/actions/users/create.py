"""Creating users."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.batches import each, in_chunks, one
from identities.actions.guards import check_superuser
from identities.actions.user_changes import UserChange, render, tell
from identities.actions.users.arguments import NewUser, UserAttributes
from identities.actions.users.lookups import Lookups, clean_values, read_lookups
from identities.actions.users.multi_values import new_rows
from identities.actions.users.references import check_again
from identities.actions.users.unique_values import claim_unique
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, IdentityError, RuleViolation
from identities.models import Suspension, User
from identities.queries.statements import Written
from identities.rules.attributes import USER_NAME
from identities.rules.expiry import check_period
from identities.rules.ownership import is_empty
from identities.rules.transitions import is_active, state_by_dates
from identities.rules.values import may_set
from identities.vocabulary import EventKind, Role, UserKind, UserState, Verb


def create_user(
    *,
    actor: Actor,
    attributes: UserAttributes,
    kind: UserKind = UserKind.PERSON,
    default_origin: str | None = None,
    state: UserState | None = None,
    suspended: bool = False,
) -> User:
    """Create a user who cannot sign in with a password yet.

    Args:
        default_origin: who owns the lifecycle and every value (the actor's origin if not given).
        state: staged, active or deprovisioned; decided by the dates if not given.
        suspended: the actor's origin suspends the user from the start (SCIM `active: false`).

    Raises:
        Conflict: `user_name_taken`, also when two create the same name at the same moment.
        RuleViolation: a value is not allowed or refers to nobody; `field` names the attribute.
        NotPermitted: `operator_protected`, for an operator or service not created by a superuser.
    """
    return one(create_users_many([NewUser(attributes, kind, default_origin, state, suspended)], actor=actor))


def create_users_many(rows: Sequence[NewUser], *, actor: Actor) -> list[User | IdentityError]:
    """Create many users, in transactions of at most `CHUNK`; what `create_user` would raise stands in the place of
    the user.
    """
    if any(row.kind != UserKind.PERSON for row in rows):
        check_superuser(actor)
    return in_chunks(partial(_create, actor), rows)


def _create(actor: Actor, rows: Sequence[NewUser]) -> list[User | IdentityError]:
    lookups = read_lookups([row.attributes.values for row in rows], creating=True)
    changes: list[UserChange] = []
    suspensions: list[Suspension] = []

    def step(row: NewUser) -> User:
        change = _new(row, lookups, actor)
        changes.append(change)
        if row.suspended:
            suspensions.append(Suspension(user=change.user, origin=actor.origin, since=change.user.created_at))
        return change.user

    results = each(step, rows)
    new = [Written([change.user for change in changes]), Written([row for change in changes for row in change.rows])]
    new.append(Written(suspensions))
    tell(changes, actor=actor, written=new)
    check_again(changes)
    return results


def _new(row: NewUser, lookups: Lookups, actor: Actor) -> UserChange:
    values = clean_values(row.attributes.values, lookups)
    check_period(values.get("start_date"), values.get("end_date"))
    _check_declared(values, lookups, actor)
    user = User(
        id=uuid4(),
        kind=row.kind,
        password=make_password(None),
        default_origin=row.default_origin or actor.origin,
        created_at=timezone.now(),
        state=row.state or state_by_dates(values.get("start_date"), values.get("end_date"), timezone.localdate()),
    )
    user.left_by_date = row.state is None and user.state == UserState.DEPROVISIONED
    user.active = is_active(UserState(user.state), suspended=row.suspended, deleted=False)
    if row.access is not None:
        user.password = row.access.password_hash
        user.must_change_password = row.access.must_change_password
        user.is_superuser = row.access.role == Role.SUPERUSER
    change = UserChange(user, [], Verb.USER_CREATED, EventKind.USER_CREATED)
    for attribute, value in values.items():
        if not is_empty(value):
            change.put(attribute, value)
    change.rows = new_rows(change, row.attributes.multi_values)
    change.facts = {}
    _note_beginning(change, row)
    render(change, at=user.created_at)
    _take_name(user, lookups)
    return change


def _note_beginning(change: UserChange, row: NewUser) -> None:
    change.differences["state"] = (None, str(change.user.state))
    change.differences["active"] = (None, change.user.active)
    change.differences["default_origin"] = (None, change.user.default_origin)
    if row.suspended:
        change.note["suspended"] = True
    if row.access is not None:
        change.differences["role"] = (None, str(row.access.role))
    change.differences = {name: (None, new) for name, (_old, new) in change.differences.items()}


def _check_declared(values: dict[str, Any], lookups: Lookups, actor: Actor) -> None:
    """Refuse a person without what is required, or with what the actor may not set."""
    if not values.get(USER_NAME):
        raise RuleViolation("required", _("A user name is required."), field=USER_NAME)
    for definition in lookups.definitions.values():
        empty = is_empty(values.get(definition.field))
        if definition.required and empty:
            message = _("%(name)s is required.") % {"name": definition.name}
            raise RuleViolation("required", message, field=definition.field)
        if not empty and not may_set(definition, actor.origin):
            message = _("%(name)s is read-only.") % {"name": definition.name}
            raise RuleViolation("read_only", message, field=definition.field)


def _take_name(user: User, lookups: Lookups) -> None:
    key = fold(user.user_name)
    if key in lookups.name_holders:
        raise name_taken(user.user_name)
    definitions = lookups.definitions.values()
    claim_unique(user, [each.field for each in definitions], lookups.holders, definitions)
    lookups.name_holders[key] = user.pk


def name_taken(user_name: str) -> Conflict:
    """The refusal of a user name that somebody has."""
    message = _("The user name %(name)s is taken.") % {"name": user_name}
    return Conflict("user_name_taken", message, field=USER_NAME, user_name=user_name)
