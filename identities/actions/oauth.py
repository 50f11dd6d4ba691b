"""OAuth 2.0 credentials of API clients (RFC 6749 section 4.4). allauth keeps them and issues the tokens."""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from allauth.idp.oidc.models import Client
from django.db import transaction

from identities import audit
from identities.actions.allauth_clients import oauth_fields
from identities.actions.clients import lock_client
from identities.actors import Actor
from identities.models import ApiClient
from identities.vocabulary import Verb

# Without a character that somebody would have to encode in a header or a form.
SECRET_BYTES: Final = 32
KIND: Final = "oauth"


@dataclass(frozen=True, slots=True)
class OAuthCredentials:
    """What a program gets tokens with. The secret is not kept and cannot be shown again."""

    client_id: str
    client_secret: str


def issue_oauth_credentials(client: ApiClient | UUID, *, actor: Actor) -> OAuthCredentials:
    """Let an API client get OAuth tokens; where it has credentials already, its secret is replaced at once.

    Tokens that were issued with the old secret live out their hour: revoke the credentials to end them.

    Raises:
        NotFound: `client_not_found`.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        found = lock_client(client)
        oauth = found.oauth_client or Client(id=uuid4().hex)
        oauth.type = Client.Type.CONFIDENTIAL
        oauth.grant_types = Client.GrantType.CLIENT_CREDENTIALS
        oauth.response_types = ""
        for field, text in oauth_fields(found).items():
            setattr(oauth, field, text)
        oauth.set_secret(secret)
        oauth.save()
        if found.oauth_client_id is None:
            found.oauth_client = oauth
            found.save(update_fields=["oauth_client"])
        audit.record(Verb.CREDENTIALS_ISSUED, found, actor=actor, client_id=oauth.pk)
    return OAuthCredentials(oauth.pk, secret)


def revoke_oauth_credentials(client: ApiClient | UUID, *, actor: Actor) -> bool:
    """Make a client's OAuth credentials and every token issued with them worthless. Whether it had any.

    Raises:
        NotFound: `client_not_found`.
    """
    with transaction.atomic():
        found = lock_client(client)
        oauth = found.oauth_client
        if oauth is None:
            return False
        audit.record(Verb.CREDENTIALS_REVOKED, found, actor=actor, client_id=oauth.pk)
        # Its tokens go with it, and the API client's reference to it becomes empty.
        oauth.delete()
    return True


def record_oauth_token(client: ApiClient, verb: Verb, *, actor: Actor) -> None:
    """Record that a client got (`TOKEN_ISSUED`) or gave back (`TOKEN_REVOKED`) an OAuth token, which allauth writes."""
    audit.record(verb, client, actor=actor, kind=KIND)
