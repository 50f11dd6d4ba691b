"""API clients that cannot call any more, or soon, because they or their tokens expire."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone

from identities.models import ApiClient, ApiToken


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a client can call for the last time, and whether it is the client itself or its last token that expires."""

    client: ApiClient
    at: datetime
    of_token: bool

    @property
    def is_past(self) -> bool:
        """Whether it has expired."""
        return self.at <= timezone.now()


def clients_that_expire() -> list[Expiry]:
    """Every enabled client that expires within PORTAL_EXPIRY_WARNING_DAYS, or did; the soonest first.

    A token counts where no other way in outlives it: neither another token nor OAuth credentials.
    """
    unrevoked = Prefetch("tokens", ApiToken.objects.filter(revoked_at=None), to_attr="unrevoked")
    found = [expiry_of(client) for client in ApiClient.objects.filter(enabled=True).prefetch_related(unrevoked)]
    return sorted((each for each in found if each), key=lambda each: each.at)


def expiry_of(client: ApiClient) -> Expiry | None:
    """The warning about one client, if it is to be warned of."""
    limit = timezone.now() + timedelta(days=settings.PORTAL_EXPIRY_WARNING_DAYS)
    ends = [(client.expires_at, False), (_end_of_tokens(client), True)]
    at, of_token = min(((at, of_token) for at, of_token in ends if at), default=(None, False))
    return Expiry(client, at, of_token) if client.enabled and at and at <= limit else None


def _end_of_tokens(client: ApiClient) -> datetime | None:
    """When its last way in expires; None if one never does, or there was none yet."""
    if client.oauth_client_id is not None:
        return None
    tokens = client.tokens.filter(revoked_at=None) if not hasattr(client, "unrevoked") else client.unrevoked
    ends = [token.expires_at for token in tokens]
    return max((end for end in ends if end), default=None) if None not in ends else None
