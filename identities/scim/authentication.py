"""Who is calling: an API client by one of its bearer tokens (RFC 6750). No session, no query parameter."""

import logging
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from identities.models import ApiClient, ApiToken
from identities.queries.tokens import authenticate_token
from identities.scim.verdicts import Verdicts

logger = logging.getLogger(__name__)

CHALLENGE: Final = 'Bearer realm="SCIM"'
# `last_used_at` is no more exact than this, so that reading does not mean writing.
_LAST_USED_STEP: Final = timedelta(seconds=60)
_LONGEST_TOKEN: Final = 512
_verdicts: Final = Verdicts(authenticate_token)


class BearerAuthentication(BaseAuthentication):
    """Looks the token up; a verdict is remembered for a moment (see `verdicts`)."""

    def authenticate(self, request: Request) -> tuple[Any, ApiClient]:
        """The client, as `request.auth`.

        Raises:
            AuthenticationFailed: no token, one that is not live, or a network the client may not call from. The answer
                is the same for all of them, so that it tells nothing about a token.
        """
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = _verdicts.of(text.strip()) if scheme.lower() == "bearer" and len(text) <= _LONGEST_TOKEN else None
        if token is None or not _called_from_allowed_network(token.client, request.META.get("REMOTE_ADDR", "")):
            raise AuthenticationFailed(_("A valid bearer token is required."))
        _note_use(token)
        return None, token.client

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes a refusal a 401."""
        return CHALLENGE


def _called_from_allowed_network(client: ApiClient, remote_address: str) -> bool:
    if not client.allowed_networks:
        return True
    try:
        address = ip_address(remote_address)
    except ValueError:
        return False
    # A server that listens on IPv6 names IPv4 callers `::ffff:192.0.2.1`.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in client.allowed_networks)


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at <= _LAST_USED_STEP:
        return
    # Said to whoever remembers the verdict, too.
    token.last_used_at = now
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        ApiClient.objects.filter(pk=token.client.pk).update(last_used_at=now)
    except OperationalError:
        # A reader is not turned away because the database cannot be written to just now.
        logger.warning("The last use of a token was not noted.", exc_info=True)
