"""How many requests a client may send."""

import logging
import time
from typing import Any

from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from identities.models import ApiClient
from identities.scim.limits import RATE_REQUESTS, RATE_SECONDS

logger = logging.getLogger(__name__)


class ClientThrottle(BaseThrottle):
    """A counter per client and window. It knows when the next window opens, for `Retry-After`.

    While the counters cannot be reached nobody is turned away: changes are accepted without Redis, too.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it is within the limit."""
        client = request.auth
        if not isinstance(client, ApiClient):
            return True
        window = int(time.time() // RATE_SECONDS)
        key = f"scim-requests:{client.pk}:{window}"
        try:
            return cache.add(key, 1, timeout=2 * RATE_SECONDS) or cache.incr(key) <= RATE_REQUESTS
        except ValueError:
            # Evicted between the two calls: the count begins anew.
            return True
        except RedisError as error:
            logger.warning("Requests are not counted: %s", error)
            return True

    def wait(self) -> float:
        """Seconds until the next window."""
        return RATE_SECONDS - time.time() % RATE_SECONDS
