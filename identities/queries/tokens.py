"""Who presents this bearer token?"""

import hashlib
from typing import Final

from django.utils import timezone

from identities.models import ApiToken
from identities.rules.expiry import is_expired

# Makes a leaked token recognisable to scanners.
TOKEN_MARK: Final = "scim_"  # noqa: S105  the mark of every token, not one of them


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
