"""Passwords and sign-ins. Nothing here has a batch form: each is what one person did, or a text shown once to hand to
one person.
"""

import secrets
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.guards import check_may_touch
from identities.actions.user_changes import lock_users, present, user_id_of
from identities.actors import ADMIN_ORIGIN, SELF_ORIGIN, Actor
from identities.canonical import fold
from identities.errors import NotPermitted, RuleViolation
from identities.models import User
from identities.rules.naming import is_storable
from identities.vocabulary import Channel, Verb

ONE_TIME_BYTES: Final = 15


def set_password(user: User, password: str, *, actor: Actor, must_change: bool = False) -> User:
    """Give a user a new password.

    Every session ends in the same UPDATE; the audit trail says that it changed, and nothing more.

    Args:
        user: also brought up to date in place, so that the session that made the change can be kept.
        must_change: the next sign-in asks for another one.

    Raises:
        RuleViolation: `weak_password`. NotFound. NotPermitted: `operator_protected`.
    """
    check_password_strength(password, user)
    # Hashing is slow on purpose: it is done before the transaction, which holds SQLite's only write lock.
    hashed = make_password(password)
    with transaction.atomic():
        found = present(lock_users([user.pk]), user.pk)
        check_may_touch(found, actor)
        found.password = hashed
        found.must_change_password = must_change
        found.session_epoch += 1
        found.save(update_fields=["password", "must_change_password", "session_epoch"])
        changes = {"password": (None, None)}
        audit.record(Verb.USER_PASSWORD_CHANGED, found, actor=actor, changes=changes, must_change=must_change)
    user.password, user.session_epoch = found.password, found.session_epoch
    user.must_change_password = must_change
    return user


def issue_one_time_password(user: User, *, actor: Actor) -> str:
    """Give a user a random password that must be changed at the next sign-in, and return it: it cannot be shown again.

    Raises:
        NotFound. NotPermitted: `operator_protected`.
    """
    password = secrets.token_urlsafe(ONE_TIME_BYTES)
    set_password(user, password, actor=actor, must_change=True)
    return password


def record_sign_in(user: User, *, actor: Actor) -> User:
    """Note in the audit trail that a user signed in."""
    audit.record(Verb.USER_SIGNED_IN, user, actor=actor)
    return user


def record_failed_sign_in(user_name: str, *, remote_address: str | None) -> User | None:
    """Note in the audit trail that somebody failed to sign in as a user; names that nobody has leave no trace."""
    if not is_storable(user_name):
        return None
    user = User.objects.present().filter(user_name_key=fold(user_name)).first()
    if user is not None:
        # Whoever tried is not known: the entry is about the user and names nobody as the actor.
        actor = Actor(SELF_ORIGIN, Channel.SELFSERVICE, "", remote_address=remote_address)
        audit.record(Verb.USER_SIGN_IN_FAILED, user, actor=actor)
    return user


def record_second_factor(user: User, verb: Verb, factor: str, *, actor: Actor) -> User:
    """Note that a second factor of a user was added, removed or renewed, and end every session in the same transaction.

    Args:
        user: also brought up to date in place, so that the session that made the change can be kept.
        factor: its kind, for example `totp`; never a secret.

    Raises:
        NotFound. NotPermitted: `operator_protected`.
    """
    with transaction.atomic():
        found = present(lock_users([user.pk]), user.pk)
        check_may_touch(found, actor)
        found.session_epoch += 1
        found.save(update_fields=["session_epoch"])
        audit.record(verb, found, actor=actor, factor=factor)
    user.session_epoch = found.session_epoch
    return user


def remove_second_factors(user: User | UUID, *, actor: Actor, reason: str) -> User:
    """Take away the second factors, recovery codes included, of somebody who lost them. Every session ends in the same
    transaction; the next sign-in takes the password alone, and administrators set up a new one.

    Raises:
        NotFound. NotPermitted: `administrators_only`, `operator_protected`, or `own_second_factor`: it is removed where
            it was set up, which asks for it.
        RuleViolation: `reason_required`, `no_second_factor`.
    """
    if actor.origin != ADMIN_ORIGIN:
        raise NotPermitted("administrators_only", _("Only administrators may remove somebody's second factor."))
    if not reason.strip():
        raise RuleViolation("reason_required", _("Say why the second factor is removed."), field="reason")
    with transaction.atomic():
        pk = user_id_of(user)
        found = present(lock_users([pk]), pk)
        check_may_touch(found, actor)
        if actor.user_id == found.pk:
            raise NotPermitted("own_second_factor", _("Your own second factor is removed under Two-factor."))
        factors = Authenticator.objects.filter(user=found)
        kinds = sorted(factors.values_list("type", flat=True))
        if not kinds:
            raise RuleViolation("no_second_factor", _("There is no second factor to remove."))
        factors.delete()
        found.session_epoch += 1
        found.save(update_fields=["session_epoch"])
        audit.record(Verb.USER_SECOND_FACTOR_REMOVED, found, actor=actor.because(reason), factor=", ".join(kinds))
    return found


def record_address(user: User, verb: Verb, address: str, *, actor: Actor) -> User:
    """Note in the audit trail that a user proved an e-mail address, which from now on can reset the password, or
    removed one.
    """
    before, after = (None, address) if verb == Verb.USER_ADDRESS_PROVED else (address, None)
    audit.record(verb, user, actor=actor, changes={"proved_address": (before, after)})
    return user


def check_password_strength(password: str, user: User | None = None) -> None:
    """Refuse a password that the configured validators refuse (raises RuleViolation, code `weak_password`)."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise RuleViolation("weak_password", " ".join(error.messages), field="password") from None
