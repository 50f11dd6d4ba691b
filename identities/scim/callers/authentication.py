"""Who is calling: an API client by a bearer token (RFC 6750), its own or one got by OAuth. No session, no query
parameter.
"""

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
from identities.queries.tokens import Caller, find_caller
from identities.scim.callers.verdicts import Verdicts

logger = logging.getLogger(__name__)

CHALLENGE: Final = 'Bearer realm="SCIM"'
# `last_used_at` is no more exact than this, so that reading does not mean writing.
_LAST_USED_STEP: Final = timedelta(seconds=60)
_LONGEST_TOKEN: Final = 512


class BearerAuthentication(BaseAuthentication):
    """Looks the token up; a verdict is remembered for a moment (see `verdicts`)."""

    def authenticate(self, request: Request) -> tuple[Any, ApiClient]:
        """The client, as `request.auth`.

        Raises:
            AuthenticationFailed: no token, one that is not live, or a network the client may not call from. The answer
                is the same for all of them, so that it tells nothing about a token.
        """
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        known = scheme.lower() == "bearer" and len(text) <= _LONGEST_TOKEN
        caller = _verdicts.of(text.strip()) if known else None
        if caller is None or not called_from_allowed_network(caller.client, request.META.get("REMOTE_ADDR", "")):
            raise AuthenticationFailed(_("A valid bearer token is required."))
        _note_use(caller)
        return None, caller.client

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes a refusal a 401."""
        return CHALLENGE


def _judge(text: str) -> Caller | None:
    caller = find_caller(text)
    if caller is not None and caller.scopes is not None:
        # Read for this token alone: every check of a scope sees what both the client and the token may.
        caller.client.scopes = [scope for scope in caller.client.scopes if scope in caller.scopes]
    return caller


_verdicts: Final = Verdicts(_judge)


def called_from_allowed_network(client: ApiClient, remote_address: str) -> bool:
    """Whether the client may call from this address."""
    if not client.allowed_networks:
        return True
    try:
        address = ip_address(remote_address)
    except ValueError:
        return False
    # A server that listens on IPv6 names IPv4 callers `::ffff:192.0.2.1`.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in client.allowed_networks)


def _note_use(caller: Caller) -> None:
    now = timezone.now()
    used = (caller.token or caller.client).last_used_at
    if used is not None and now - used <= _LAST_USED_STEP:
        return
    # Said to whoever remembers the verdict, too.
    (caller.token or caller.client).last_used_at = now
    try:
        if caller.token is not None:
            ApiToken.objects.filter(pk=caller.token.pk).update(last_used_at=now)
        ApiClient.objects.filter(pk=caller.client.pk).update(last_used_at=now)
    except OperationalError:
        # A reader is not turned away because the database cannot be written to just now.
        logger.warning("The last use of a token was not noted.", exc_info=True)
