"""Tokens of people for their own record."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.batches import one
from identities.actions.token_revocation import revoke_many
from identities.actions.user_changes import lock_users, present, user_id_of
from identities.actors import Actor
from identities.errors import IdentityError, NotPermitted, RuleViolation
from identities.models import PersonToken, User
from identities.queries.tokens import PERSON_MARK, live_person_tokens, token_digest
from identities.rules.naming import check_name
from identities.vocabulary import UserKind, Verb

LIVE_PERSON_TOKENS: Final = 5
PERSON_TOKEN_DAYS: Final = 90
_BYTES: Final = 32
_PREFIX_LENGTH: Final = 12
_NAME_LENGTH: Final = 60


def issue_person_token(user: User | UUID, *, actor: Actor, name: str) -> str:
    """Issue a token for the person's own record and return its text, which is not kept and cannot be shown again.

    It ends after `PERSON_TOKEN_DAYS`, and with the person's sessions.

    Raises:
        NotFound: `user_not_found`.
        NotPermitted: `persons_only`, for operators and services; `own_token`, unless the person itself acts.
        RuleViolation: `too_many_tokens`, `not_active`, or the name is not allowed.
    """
    pk = user_id_of(user)
    label = check_name("name", name)[:_NAME_LENGTH]
    text = f"{PERSON_MARK}{secrets.token_urlsafe(_BYTES)}"
    with transaction.atomic():
        person = present(lock_users([pk]), pk)
        _check_may_have(person, actor)
        now = timezone.now()
        token = PersonToken.objects.create(
            user=person,
            name=label,
            digest=token_digest(text),
            prefix=text[:_PREFIX_LENGTH],
            session_epoch=person.session_epoch,
            created_at=now,
            expires_at=now + timedelta(days=PERSON_TOKEN_DAYS),
        )
        _record(Verb.PERSON_TOKEN_ISSUED, [token], actor)
    return text


def revoke_person_token(token: PersonToken | int, *, actor: Actor) -> PersonToken:
    """Make a token worthless from now on. Nothing happens if it already is.

    Raises:
        NotFound: `token_not_found`.
    """
    return one(revoke_person_tokens_many([token], actor=actor))


def revoke_person_tokens_many(
    tokens: Sequence[PersonToken | int], *, actor: Actor
) -> list[PersonToken | IdentityError]:
    """`revoke_person_token` for many; refusals stand in the place of the token."""
    record = partial(_record, Verb.PERSON_TOKEN_REVOKED, actor=actor)
    return revoke_many(PersonToken.objects.select_related("user"), tokens, record)


def _check_may_have(person: User, actor: Actor) -> None:
    if person.kind != UserKind.PERSON:
        raise NotPermitted("persons_only", _("Only people have tokens of their own."))
    if actor.user_id != person.pk:
        raise NotPermitted("own_token", _("Only the person can issue a token for the own record."))
    if not person.is_active:
        raise RuleViolation("not_active", _("Somebody who is not active gets no token."))
    if live_person_tokens(person).count() >= LIVE_PERSON_TOKENS:
        message = _("There are %(number)d live tokens. Revoke one first.") % {"number": LIVE_PERSON_TOKENS}
        raise RuleViolation("too_many_tokens", message)


def _record(verb: Verb, tokens: Sequence[PersonToken], actor: Actor) -> None:
    rows = [
        audit.AuditRow(verb, token, facts={"person": str(token.user.pk), "prefix": token.prefix}) for token in tokens
    ]
    audit.record_many(rows, actor=actor)
