"""Tokens of people for their own record."""

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.user_changes import lock_users, present, user_id_of
from identities.actors import Actor
from identities.errors import NotFound, NotPermitted, RuleViolation
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
        _record(Verb.PERSON_TOKEN_ISSUED, token, actor)
    return text


def revoke_person_token(token: PersonToken | int, *, actor: Actor) -> PersonToken:
    """Make a token worthless from now on. Nothing happens if it already is.

    Raises:
        NotFound: `token_not_found`.
    """
    pk = token.pk if isinstance(token, PersonToken) else token
    with transaction.atomic():
        tokens: Any = PersonToken.objects.select_for_update(of=("self",), no_key=True).select_related("user")
        found: PersonToken | None = tokens.filter(pk=pk).first()
        if found is None:
            raise NotFound("token_not_found", _("This token does not exist."))
        if found.revoked_at is None:
            found.revoked_at = timezone.now()
            found.save(update_fields=["revoked_at"])
            _record(Verb.PERSON_TOKEN_REVOKED, found, actor)
    return found


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


def _record(verb: Verb, token: PersonToken, actor: Actor) -> None:
    audit.record(verb, token.user, actor=actor, token=token.name, prefix=token.prefix)
