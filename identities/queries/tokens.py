"""Who presents this bearer token?"""

import hashlib
from typing import Final

from django.db.models import F, QuerySet
from django.utils import timezone

from identities.models import ApiToken, PersonToken, User
from identities.rules.expiry import is_expired
from identities.vocabulary import UserKind

# Make a leaked token recognisable to scanners: a client's, and a person's own.
TOKEN_MARK: Final = "scim_"  # noqa: S105  the mark of every token, not one of them
PERSON_MARK: Final = "me_"


def token_digest(text: str) -> str:
    """What is kept of a token. 32 random bytes need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def authenticate_token(text: str) -> ApiToken | None:
    """The live token with this text, with its client; None if it is unknown, revoked or expired, or the client is.

    The text itself is never compared: it is looked up by its digest, of which an attacker controls no prefix, so that
    the time of an answer tells nothing.
    """
    found = ApiToken.objects.select_related("client").filter(digest=token_digest(text), revoked_at=None).first()
    if found is None or not found.client.enabled:
        return None
    now = timezone.now()
    expired = is_expired(found.expires_at, now) or is_expired(found.client.expires_at, now)
    return None if expired else found


def authenticate_person(text: str) -> PersonToken | None:
    """The live token with this text of a person's own, with the person; None if it is unknown, revoked or expired, if
    the person's sessions were ended since, or if the person may not sign in.
    """
    live = PersonToken.objects.select_related("user").filter(digest=token_digest(text), revoked_at=None)
    found = live.filter(user__session_epoch=F("session_epoch"), user__kind=UserKind.PERSON).first()
    if found is None or not found.user.is_active or is_expired(found.expires_at, timezone.now()):
        return None
    return found


def live_person_tokens(person: User) -> "QuerySet[PersonToken]":
    """The tokens of a person that still work, newest first."""
    return person.person_tokens.filter(
        revoked_at=None, expires_at__gt=timezone.now(), session_epoch=person.session_epoch
    )
