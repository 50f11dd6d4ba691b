"""How many requests a client may send."""

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from identities.models import ApiClient
from identities.scim.limits import RATE_REQUESTS, RATE_SECONDS


class ClientThrottle(BaseThrottle):
    """A counter per client and window. It knows when the next window opens, for `Retry-After`."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it is within the limit."""
        client = request.auth
        if not isinstance(client, ApiClient):
            return True
        window = int(time.time() // RATE_SECONDS)
        key = f"scim-requests:{client.pk}:{window}"
        if cache.add(key, 1, timeout=2 * RATE_SECONDS):
            return True
        try:
            return cache.incr(key) <= RATE_REQUESTS
        except ValueError:
            # Evicted between the two calls: the count begins anew.
            return True

    def wait(self) -> float:
        """Seconds until the next window."""
        return RATE_SECONDS - time.time() % RATE_SECONDS
