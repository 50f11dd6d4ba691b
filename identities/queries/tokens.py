"""Who presents this bearer token?"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from allauth.idp.oidc.models import Token
from django.db.models import F, QuerySet
from django.utils import timezone

from identities.models import ApiClient, ApiToken, PersonToken, User
from identities.rules.expiry import is_expired
from identities.vocabulary import UserKind

# Make a leaked token recognisable to scanners: a client's, and a person's own.
TOKEN_MARK: Final = "scim_"  # noqa: S105  the mark of every token, not one of them
PERSON_MARK: Final = "me_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who presents a token that is live.

    Attributes:
        token: the static token; None for an OAuth token.
        scopes: what an OAuth token was asked for, which may be less than the client may do; None: no less.
    """

    client: ApiClient
    token: ApiToken | None = None
    scopes: Collection[str] | None = None


def token_digest(text: str) -> str:
    """What is kept of a token. 32 random bytes need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def find_caller(text: str) -> Caller | None:
    """Whoever presents this token, static or OAuth; None if it is not live.

    The text itself is never compared: it is looked up by its digest, of which an attacker controls no prefix, so that
    the time of an answer tells nothing.
    """
    if text.startswith(TOKEN_MARK):
        token = authenticate_token(text)
        return Caller(token.client, token) if token else None
    return _oauth_caller(text)


def authenticate_token(text: str) -> ApiToken | None:
    """The live static token with this text, with its client; None if it is unknown, revoked or expired, or the client
    is.
    """
    found = ApiToken.objects.select_related("client").filter(digest=token_digest(text), revoked_at=None).first()
    if found is None or not is_live(found.client) or is_expired(found.expires_at, timezone.now()):
        return None
    return found


def is_live(client: ApiClient) -> bool:
    """Whether a client may call at all: it is enabled and has not expired."""
    return client.enabled and not is_expired(client.expires_at, timezone.now())


def _oauth_caller(text: str) -> Caller | None:
    tokens: Any = Token.objects.valid().by_value(text).filter(type=Token.Type.ACCESS_TOKEN)
    found = tokens.filter(client__api_client__isnull=False).select_related("client__api_client").first()
    if found is None or not is_live(found.client.api_client):
        return None
    return Caller(found.client.api_client, scopes=found.get_scopes())


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
