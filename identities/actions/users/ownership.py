"""Who owns a user's values: administrators take them over, or let go of them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from identities.actions.attempts import attempt
from identities.actions.guards import check_may_touch
from identities.actions.user_changes import (
    UserChange,
    lock_users,
    present,
    read_rows,
    suspended_among,
    user_id_of,
    value_of,
    write_changes,
)
from identities.actions.users.lookups import clean_values, read_lookups
from identities.actions.users.multi_values import write_rows
from identities.actions.users.references import check_again
from identities.actions.users.update import claim_references, follow_dates, write_value
from identities.actors import ADMIN_ORIGIN, Actor
from identities.errors import NotPermitted, RuleViolation
from identities.models import User
from identities.rules.attributes import PRIMARY_SUFFIX, VALUE_LENGTHS, check_single_valued
from identities.rules.ownership import NOBODY, owner_of
from identities.vocabulary import Verb


def override_value(user: User | UUID, *, actor: Actor, attribute: str, value: Any, reason: str) -> User:
    """Set a single-valued attribute whoever owns it; from then on it belongs to the administrators.

    Raises:
        NotPermitted: `administrators_only`.
        RuleViolation: `reason_required`, or the value is not allowed.
        NotFound, Conflict: as `update_user`.
    """
    _check_override(actor, reason)
    return attempt(partial(_override, user, actor.because(reason), {attribute: value}))


def override_rows(
    user: User | UUID, *, actor: Actor, attribute: str, rows: Sequence[Mapping[str, Any]], reason: str
) -> User:
    """Make these the values of a multi-valued attribute, whoever owns those that change or go; they belong to the
    administrators from then on. Rows that stay as they are keep their owners.

    Raises:
        NotPermitted: `administrators_only`, `operator_protected`.
        RuleViolation: `reason_required`, or a row is not allowed. NotFound.
    """
    _check_override(actor, reason)
    with transaction.atomic():
        change = _locked(user, Verb.USER_VALUE_OVERRIDDEN, actor)
        write_rows(change, attribute, rows, actor.origin, override=True)
        if change.differences:
            write_changes([change], actor=actor.because(reason))
    return change.user


def _check_override(actor: Actor, reason: str) -> None:
    if actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("administrators_only", _("Only administrators may override a value."))
    if not reason.strip():
        raise RuleViolation("reason_required", _("Say why the value is overridden."), field="reason")


def _override(user: User | UUID, actor: Actor, values: Mapping[str, Any]) -> User:
    change = _locked(user, Verb.USER_VALUE_OVERRIDDEN, actor)
    lookups = read_lookups([values])
    dates = (change.user.start_date, change.user.end_date)
    for name, cleaned in clean_values(values, lookups).items():
        write_value(change, name, cleaned, actor.origin, override=True)
    follow_dates(change, dates, suspended=bool(suspended_among([change.user.pk])))
    claim_references(change, lookups)
    if change.differences:
        write_changes([change], actor=actor)
        check_again([change])
    return change.user


def release_ownership(user: User | UUID, *, actor: Actor, attributes: Iterable[str]) -> User:
    """Let go of values: the next origin that writes one owns it. The values themselves stay.

    Args:
        attributes: single-valued attributes, or `<multi-valued>.primary`. Those that the actor neither owns nor
            outranks are refused.

    Raises:
        NotPermitted: `value_owned`, for a value of another origin, unless the actor is an administrator.
        RuleViolation: `unknown_attribute`.
    """
    with transaction.atomic():
        change = _locked(user, Verb.USER_OWNERSHIP_RELEASED, actor)
        released = {name: owner for name in attributes if (owner := _owner(change, name))}
        for name, owner in released.items():
            if actor.origin not in (ADMIN_ORIGIN, owner):
                message = _("%(name)s belongs to %(owner)s.") % {"name": name, "owner": owner}
                raise NotPermitted("value_owned", message, field=name, owner=owner)
        if released:
            change.user.owners = {**change.user.owners, **dict.fromkeys(released, NOBODY)}
            change.columns.add("owners")
            change.differences = {f"owners.{name}": (owner, None) for name, owner in released.items()}
            write_changes([change], actor=actor)
    return change.user


def _locked(user: User | UUID, verb: Verb, actor: Actor) -> UserChange:
    pk = user_id_of(user)
    found = present(lock_users([pk]), pk)
    check_may_touch(found, actor)
    return UserChange(found, read_rows([pk])[pk], verb)


def _owner(change: UserChange, attribute: str) -> str | None:
    user = change.user
    many = attribute.removesuffix(PRIMARY_SUFFIX)
    if attribute.endswith(PRIMARY_SUFFIX) and many in VALUE_LENGTHS:
        chosen = any(row.primary for row in change.rows if row.attribute == many)
        return owner_of(attribute, chosen or None, user.owners, user.default_origin)
    check_single_valued(attribute)
    return owner_of(attribute, value_of(user, attribute), user.owners, user.default_origin)
